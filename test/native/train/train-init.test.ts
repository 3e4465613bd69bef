import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { resolveTrainConfig, resumeTraining, type TrainConfigInput, train } from '../../../dist/index.js';
import { fileHashSync } from '../../../dist/runtime/files/fileHash.js';
import { manualSeed, nn, savePtSync, type Tensor } from '../../../dist/torch/index.js';
import { loadCheckpoint } from '../../../dist/train/run/checkpoint.js';
import { openTraining } from '../../../dist/train/session/session.js';
import { scratchFolder } from '../../support/scratch.js';
import { sharedData } from '../../support/shared.js';
import { writeTinyScans } from '../../support/tinyScans.js';

const folder = scratchFolder('init');
const small = { depth: 2, wf: 2 };
const config = (more: Partial<TrainConfigInput>): TrainConfigInput => ({
  data: join(folder, 'scans'),
  out: join(folder, 'run'),
  epochs: 1,
  samples: 16,
  batch: 8,
  cropSize: 32,
  threads: 1,
  images: 0,
  contextSlices: 1,
  network: small,
  ...more,
});
/** The initial state of a run, and its notes. */
const start = async (more: Partial<TrainConfigInput>) => {
  const notes: string[] = [];
  const training = await openTraining(resolveTrainConfig(config(more)), null, null, (text) => notes.push(text));
  return { ...training, notes, state: training.net.stateDict() };
};
const weights = (more: object = {}) => {
  manualSeed(5);
  const network = { inChannels: 3, classes: 1, ...small, padding: true, batchNorm: true, inputNorm: true };
  return nn.unet({ ...network, ...more }).stateDict() as Map<string, Tensor>;
};
const said = { initPooling: 'max', initInput: 'hu-clip' } as const;

beforeAll(async () => {
  await writeTinyScans(join(folder, 'scans'), 2);
  for await (const _ of train(config({}))) {
    // Until it ends.
  }
  savePtSync(join(folder, 'wrapped.pt'), weights());
  savePtSync(join(folder, 'plain.pt'), weights({ inputNorm: false }));
}, 120_000);

describe('training from a model (`init`)', { timeout: 120_000 }, () => {
  const last = () => join(folder, 'run', 'checkpoints', 'last.safetensors');

  it('takes the weights of a checkpoint, with a new optimizer and new counters', async () => {
    const { state, optimizer, description } = await start({ init: last() });
    const saved = loadCheckpoint(last());
    for (const [name, tensor] of state) expect(tensor.toArray(), name).toEqual(saved.model.get(name)?.toArray());
    expect(saved.optimizer.size).toBeGreaterThan(0);
    for (const [name, tensor] of optimizer.stateDict()) if (name.endsWith('.step')) expect(tensor.item(), name).toBe(0);
    expect(description.trainedOn).toEqual(saved.description.trainedOn);
  });

  it("writes the file's SHA-256 into the manifest, and adds the model's patients to those of the run, for a resumed run too", async () => {
    const split = JSON.parse(readFileSync(join(folder, 'run', 'split.json'), 'utf8'));
    const swapped = { ...split, train: split.validation, validation: split.train };
    writeFileSync(join(folder, 'swapped.json'), JSON.stringify(swapped));
    const notes: string[] = [];
    const out = join(folder, 'tuned');
    const tuned = config({ init: last(), out, split: join(folder, 'swapped.json'), samples: 24, checkpointSteps: 1 });
    for await (const event of train(tuned)) {
      if (event.type === 'note') notes.push(event.text);
      if (event.type === 'step' && event.step === 2) break;
    }
    expect(notes.join()).toMatch(/was trained on 1 of the 1 patients of the validation set/);
    const { files } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(files).toEqual({ init: fileHashSync(last()).sha256 });
    for await (const _ of resumeTraining(out)) {
      // Until it ends.
    }
    expect(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).files).toEqual(files);
    const patients = [...split.train, ...split.validation].sort();
    expect(loadCheckpoint(join(out, 'checkpoints', 'last.safetensors')).description.trainedOn.toSorted()).toEqual(
      patients,
    );
  });

  it('takes a .pt file of a state_dict if pooling and input are given, else asks for them', async () => {
    const init = join(folder, 'wrapped.pt');
    await expect(start({ init })).rejects.toThrow(/does not record how its network pools\. Give --init-pooling max/);
    await expect(start({ init, initPooling: 'max' })).rejects.toThrow(/what input it expects\. Give --init-input/);
    const { state, notes } = await start({ init, ...said });
    for (const [name, tensor] of weights()) expect(state.get(name)?.toArray(), name).toEqual(tensor.toArray());
    expect(notes.join()).toMatch(/does not record which patients it was trained on/);
  });

  it("reports whether weights have the names of the book's wrapper or pytorch-unet's, and takes the latter if configured", async () => {
    await expect(start({ init: join(folder, 'plain.pt'), ...said })).rejects.toThrow(/Set --no-network-input-norm/);
    const network = { ...small, inputNorm: false };
    const { state } = await start({ init: join(folder, 'plain.pt'), ...said, network });
    expect([...state.keys()][0]).toBe('down_path.0.block.0.weight');
    await expect(start({ init: join(folder, 'wrapped.pt'), ...said, network })).rejects.toThrow(
      /book's wrapper \(input_batchnorm\.\*, unet\.\*\).*Omit --no-network-input-norm/,
    );
  });

  it.each([
    [{ network: { ...small, depth: 3 } }, /found depth 2, expected 3\. Set --network-depth 2/],
    [{ network: { ...small, batchNorm: false } }, /found batchNorm true, expected false\. Set --network-batch-norm/],
    [{ network: { ...small, pooling: 'avg' } }, /found pooling max, expected avg\. Set --network-pooling max/],
    [{ contextSlices: 2 }, /found 3 input channels, expected 5\. Set --context-slices 1/],
    [
      { huHigh: 400 },
      /found a model for HU clipped to -1000…1000, expected one for HU clipped to -1000…400\. Set .*--hu-high 1000/,
    ],
    [{ initPooling: 'avg' }, /found --init-pooling avg, but the file records max/],
  ] as const)('rejects a model that does not fit and names the options that would: %j', async (more, message) => {
    await expect(start({ init: last(), ...more })).rejects.toThrow(message);
  });
});

const book = sharedData('book-models', 'seg_2020-01-26_19.45.12_w4d3c1-bal_1_nodupe-label_pos-d1_fn8-adam.best.state');
const older = sharedData('book-models', 'seg_2019-06-22_22.55.11_ch12-no-aug-bn-all-metrics-more-samples.750000.state');

describe.skipIf(book === null)("the book's models (skipped without ../shared/data)", { timeout: 60_000 }, () => {
  const network = { depth: 3, wf: 4, pooling: 'avg' } as const;
  it('that of 2020 is trained on from its .state file, and its .state_dict.pt gives the same start', async () => {
    const run = { ...said, initPooling: 'avg', contextSlices: 3, network } as const;
    const one = await start({ ...run, init: book as string });
    const other = await start({ ...run, init: (book as string).replace(/\.state$/, '.state_dict.pt') });
    expect(one.state.get('unet.last.weight')?.toArray()).toEqual(other.state.get('unet.last.weight')?.toArray());
    await expect(start({ ...run, init: book as string, network: { ...network, pooling: 'max' } })).rejects.toThrow(
      /Set --network-pooling avg/,
    );
  });

  it('that of 2019 is rejected, because 8 channels have no middle slice', async () => {
    const run = {
      ...said,
      initPooling: 'avg',
      contextSlices: 3,
      network: { depth: 4, wf: 3, pooling: 'avg' },
    } as const;
    await expect(start({ ...run, init: older as string })).rejects.toThrow(
      /even number of channels has no middle slice/,
    );
  });
});
