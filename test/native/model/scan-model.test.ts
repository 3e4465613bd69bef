import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../../dist/model/openModel.js';
import {
  fromData,
  manualSeed,
  nn,
  savePtSync,
  saveTensorsSync,
  type Tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { scratchFolder } from '../../support/scratch.js';
import { sharedData } from '../../support/shared.js';

const folder = scratchFolder('model');
const file = (name: string) => path.join(folder, name);

const options = {
  inChannels: 5,
  classes: 1,
  depth: 2,
  wf: 3,
  padding: true,
  batchNorm: true,
  inputNorm: true,
  sigmoid: true,
} as const;
const weights = (more: object = {}) => {
  manualSeed(1);
  return nn.unet({ ...options, ...more }).stateDict() as Map<string, Tensor>;
};
const given = { pooling: 'avg', input: 'hu-clip' } as const;

describe('a model file of plain weights', () => {
  it.each([
    [{}],
    [{ inputNorm: false }],
    [{ batchNorm: false }],
    [{ upMode: 'upsample' }],
    [{ depth: 4, wf: 2, inputNorm: false, batchNorm: false }],
  ])('shows its network by its names and shapes: %o', (more) => {
    const state = weights(more);
    saveTensorsSync(file('weights.safetensors'), state, {});
    const { model, net, point, trainedOn } = openModel(file('weights.safetensors'), 'cpu', given);
    expect((net as nn.UNet).options).toMatchObject({ ...options, ...more, pooling: 'avg' });
    expect(model).toMatchObject({ contextSlices: 2, sizeMultiple: 2 ** ((more as { depth?: number }).depth ?? 2) / 2 });
    expect([point, trainedOn.size]).toEqual([{ threshold: 0.5, minimumVoxels: 1, minimumScore: 0 }, 0]);
    for (const [name, tensor] of net.stateDict()) expect(tensor.toArray()).toEqual(state.get(name)?.toArray());
    expect(net.training).toBe(false);
  });

  it('can be a file of torch.save, by itself or as model_state of a dict', () => {
    savePtSync(file('plain.pt'), weights());
    savePtSync(file('whole.state'), new Map([['model_state', weights()]]));
    for (const name of ['plain.pt', 'whole.state'])
      expect(openModel(file(name), 'cpu', given).model.contextSlices).toBe(2);
  });

  it('needs pooling and input from the caller, unless its metadata records the pooling', () => {
    saveTensorsSync(file('unrecorded.safetensors'), weights(), {});
    const load = (given: object) => () => openModel(file('unrecorded.safetensors'), 'cpu', given);
    expect(load({})).toThrow(/does not record how its network pools\. Give --pooling max .* or --pooling avg/);
    expect(load({ pooling: 'max' })).toThrow(/does not record what input it expects\. Give --input hu-clip/);
    saveTensorsSync(file('half.safetensors'), weights(), { pooling: 'max' });
    const { net } = openModel(file('half.safetensors'), 'cpu', { input: 'hu-clip' });
    expect((net as nn.UNet).options.pooling).toBe('max');
  });

  it('is refused if the network has no middle slice, or more than one class', () => {
    for (const more of [{ inChannels: 8 }, { classes: 2 }]) {
      saveTensorsSync(file('shape.safetensors'), weights(more), {});
      expect(() => openModel(file('shape.safetensors'), 'cpu', given)).toThrow(
        /odd number of slices and one probability/,
      );
    }
  });

  it('is refused if it is not a U-Net, or has no weights', () => {
    saveTensorsSync(file('other.safetensors'), new Map([['fc.weight', zeros([2, 2])]]), {});
    expect(() => openModel(file('other.safetensors'), 'cpu', given)).toThrow(
      /found no down_path\.0\.block\.0\.weight among its 1 tensors/,
    );
    savePtSync(file('list.pt'), [1, 2] as never);
    expect(() => openModel(file('list.pt'), 'cpu', given)).toThrow(/found no state_dict/);
  });

  it('is refused with the first weight that is not finite', () => {
    const state = weights();
    const bias = Float32Array.from(state.get('unet.last.weight')?.data() as Float32Array);
    bias[3] = Number.NaN;
    state.set('unet.last.weight', fromData(bias, [1, 8, 1, 1]));
    saveTensorsSync(file('nan.safetensors'), state, {});
    expect(() => openModel(file('nan.safetensors'), 'cpu', given)).toThrow(
      /unet\.last\.weight\[0, 3, 0, 0\] is NaN or infinite/,
    );
  });
});

const book = sharedData('book-models', 'seg_2020-01-26_19.45.12_w4d3c1-bal_1_nodupe-label_pos-d1_fn8-adam.best.state');

describe.skipIf(book === null)("the book's model of 2020 (skipped without ../shared/data)", () => {
  it('opens from its .state file, and needs the pooling', () => {
    expect(() => openModel(book as string, 'cpu')).toThrow(/--pooling avg \(the book's\)/);
    const { net } = openModel(book as string, 'cpu', given);
    expect((net as nn.UNet).options).toMatchObject({
      inChannels: 7,
      depth: 3,
      wf: 4,
      batchNorm: true,
      inputNorm: true,
    });
  });
});
