import { describe, expect, it } from 'vitest';
import { readVolume } from '../../../dist/ct/index.js';
import { fromData, nn, noGrad, optim, scope, type Tensor } from '../../../dist/torch/index.js';
import { loadPtSync } from '../../../dist/torch/serialization/index.js';
import { sharedData, sharedGolden } from '../../support/shared.js';
import { readNpz } from './npz.js';

const models = sharedData('book-models');
const name2020 = 'seg_2020-01-26_19.45.12_w4d3c1-bal_1_nodupe-label_pos-d1_fn8-adam.best';
const name2019 = 'seg_2019-06-22_22.55.11_ch12-no-aug-bn-all-metrics-more-samples.750000';
const common = { classes: 1, padding: true, batchNorm: true, pooling: 'avg', inputNorm: true, sigmoid: true } as const;
const options2020 = { ...common, inChannels: 7, depth: 3, wf: 4 };
const options2019 = { ...common, inChannels: 8, depth: 4, wf: 3 };

describe.skipIf(models === null)("the book's trained models (skipped without ../shared/data)", () => {
  for (const [file, options] of [
    [name2020, options2020],
    [name2019, options2019],
  ] as const)
    it(`${file.slice(4, 14)}: the .state and the .state_dict.pt hold the same weights and fit the network`, () => {
      scope(() => {
        const whole = loadPtSync(`${models}/${file}.state`) as Map<string, unknown>;
        const state = whole.get('model_state') as Map<string, Tensor>;
        const plain = loadPtSync(`${models}/${file}.state_dict.pt`) as Map<string, Tensor>;
        expect([...plain.keys()].sort()).toEqual([...state.keys()].sort());
        for (const [name, tensor] of state) expect(tensor.toArray(), name).toEqual(plain.get(name)!.toArray());
        nn.unet(options).loadStateDict(plain);
      });
    });

  it("our optimizer loads the optimizer's state of the book's .state", () => {
    const whole = loadPtSync(`${models}/${name2020}.state`) as Map<string, unknown>;
    const adam = optim.adam(nn.unet(options2020).parameters(), { lr: 0.5 });
    const state = whole.get('optimizer_state') as Map<string, unknown>;
    adam.loadStateDict(state);
    expect(adam.lr).toBe(0.001);
    const own = adam.stateDict();
    const [first] = [...(state.get('state') as Map<number, Map<string, Tensor>>).values()];
    expect(own.get('state.0.exp_avg_sq')!.toArray()).toEqual(first!.get('exp_avg_sq')!.toArray());
    expect(own.get('state.0.step')!.item()).toBe(first!.get('step'));
  });
});

describe.skipIf(models === null || sharedGolden('LIDC-IDRI-0001.npz') === null)(
  "the book's 2020 model on whole slices (skipped without ../shared)",
  () => {
    it('gives the golden probabilities', { timeout: 120_000 }, async () => {
      const golden = readNpz(sharedGolden('LIDC-IDRI-0001.npz')!);
      const uid = '1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192';
      const scan = ['subset0', 'subset1']
        .map((subset) => sharedData('luna16', subset, `${uid}.mhd`))
        .find((p) => p !== null);
      const volume = await readVolume(scan!);
      const [slices, rows, columns] = volume.shape;
      const net = nn.unet(options2020).eval();
      net.loadStateDict(loadPtSync(`${models}/${name2020}.state_dict.pt`) as Map<string, Tensor>);
      const wanted = golden.prob!.data;
      const size = rows * columns;
      const clip = (hu: number) => Math.min(1000, Math.max(-1000, hu));
      let furthest = 0;
      for (const chosen of [0, 3, 5])
        scope(() => {
          const center = golden.slices!.data[chosen]!;
          const image = new Float32Array(7 * size);
          for (let channel = 0; channel < 7; channel++) {
            const slice = Math.min(slices - 1, Math.max(0, center + channel - 3));
            for (let i = 0; i < size; i++) image[channel * size + i] = clip(volume.voxels[slice * size + i]!);
          }
          const probability = noGrad(() => net.forward(fromData(image, [1, 7, rows, columns]))).data();
          for (let i = 0; i < size; i++)
            furthest = Math.max(furthest, Math.abs(Number(probability[i]) - wanted[chosen * size + i]!));
        });
      expect(furthest).toBeLessThan(1e-3);
    });
  },
);
