import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { resolveTrainConfig, resumeTraining, type TrainConfigInput, train } from '../../../dist/index.js';
import { hashTensors } from '../../../dist/model/hashTensors.js';
import { fileHashSync } from '../../../dist/runtime/files/fileHash.js';
import { loadTensorsSync } from '../../../dist/torch/index.js';
import { openTraining } from '../../../dist/train/session/session.js';
import { createStepRunner } from '../../../dist/train/steps/createStepRunner.js';
import { moduleFile } from '../../../dist/train/userModules/userModule.js';
import { inDist, inRoot, torchUrl } from '../../support/paths.js';
import { scratchFolder } from '../../support/scratch.js';
import { writeTinyScans } from '../../support/tinyScans.js';

const example = inRoot('examples', 'custom-training.mjs');
const folder = scratchFolder('modules');
const config = (out: string, more: Partial<TrainConfigInput>): TrainConfigInput => ({
  data: join(folder, 'scans'),
  out: join(folder, out),
  epochs: 1,
  samples: 24,
  batch: 8,
  cropSize: 32,
  threads: 1,
  images: 0,
  contextSlices: 1,
  network: { depth: 2, wf: 2 },
  ...more,
});
/** Losses of the first two steps, without a run folder. */
const losses = async (more: Partial<TrainConfigInput>) => {
  const training = await openTraining(resolveTrainConfig(config('none', more)), null, null, () => {});
  const steps = createStepRunner(training);
  training.sampler.startEpoch(1);
  return [0, 1].map((step) => {
    const before = training.counts.read().loss;
    steps.run(step, 1);
    return training.counts.read().loss - before;
  });
};
const bits = (out: string) =>
  hashTensors(loadTensorsSync(join(folder, out, 'checkpoints', 'last.safetensors')).tensors);
/** Writes a module with one faulty function. */
const wrong = (name: string, body: string) => {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, `import * as t from ${JSON.stringify(torchUrl)};\nexport ${body}`);
  return `${path}#${name}`;
};

beforeAll(async () => {
  await writeTinyScans(join(folder, 'scans'), 2);
}, 60_000);

describe('modules of the user', { timeout: 120_000 }, () => {
  it('custom-training.mjs: each of its three functions changes what is trained', async () => {
    const plain = await losses({});
    for (const given of [
      { lossModule: `${example}#softenedDice` },
      { augmentModule: `${pathToFileURL(example).href}#gamma` },
      { samplerModule: `${example}#oftenHard` },
    ]) {
      const changed = await losses(given);
      expect(changed.every(Number.isFinite)).toBe(true);
      for (const step of [0, 1]) expect(changed[step], JSON.stringify(given)).not.toBe(plain[step]);
    }
  });

  it('give the same bits whether the run was interrupted or not, and resuming fails while a module is changed', async () => {
    const dice = 'const loss = (p, y) => t.losses.dice(p, y);';
    const all = {
      lossModule: wrong('loss', dice),
      augmentModule: `${example}#gamma`,
      samplerModule: `${example}#oftenHard`,
    };
    for await (const _ of train(config('whole', all))) {
      // Until it ends.
    }
    for await (const event of train(config('left', all))) if (event.type === 'step' && event.step === 2) break;
    const { files } = JSON.parse(readFileSync(join(folder, 'left', 'manifest.json'), 'utf8'));
    expect(files).toEqual({
      lossModule: fileHashSync(join(folder, 'loss.mjs')).sha256,
      augmentModule: fileHashSync(example).sha256,
      samplerModule: fileHashSync(example).sha256,
    });
    wrong('loss', 'const loss = (p, y) => t.losses.crossEntropy(p, y);');
    await expect(resumeTraining(join(folder, 'left')).next()).rejects.toThrow(
      /the file given as `lossModule` .* has SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64} as at the start of the run\. Restore the old file/,
    );
    wrong('loss', dice);
    for await (const _ of resumeTraining(join(folder, 'left'))) {
      // Until it ends.
    }
    expect(bits('left')).toBe(bits('whole'));
  });

  it('a sampler that makes the steps wait is reported, and may be an instance of a class', async () => {
    const path = join(folder, 'slow.mjs');
    writeFileSync(
      path,
      `import { createSampler } from ${JSON.stringify(pathToFileURL(inDist('index.js')).href)};
class Slow {
  #inner;
  constructor(inner) { this.#inner = inner; }
  get batch() { return this.#inner.batch; }
  get intensity() { return this.#inner.intensity; }
  get batchesPerEpoch() { return this.#inner.batchesPerEpoch; }
  get counts() { return this.#inner.counts; }
  get hidesEdges() { return this.#inner.hidesEdges; }
  startEpoch(...place) { this.#inner.startEpoch(...place); }
  next() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    return this.#inner.next();
  }
  sources(...place) { return this.#inner.sources(...place); }
  state() { return this.#inner.state(); }
  restore(state) { this.#inner.restore(state); }
  dispose() { this.#inner.dispose(); }
}
export const slow = async (...parts) => new Slow(await createSampler(...parts));
`,
    );
    const notes: string[] = [];
    for await (const event of train(config('slow', { samplerModule: `${path}#slow` })))
      if (event.type === 'note') notes.push(event.text);
    expect(notes.join()).toMatch(/Cutting crops took [5-9]\d % of the epoch's/);
  });

  it.each([
    [
      'lossModule',
      'const mean = (p, y) => t.losses.dice(p, y).mean();',
      /checking the result of the loss .*: found shape \[\], expected a Tensor \[8\]/,
    ],
    ['lossModule', 'const value = () => 0.5;', /found number, not a Tensor/],
    ['lossModule', 'const nan = (p, y) => t.losses.dice(p, y).mul(NaN);', /found values that are not finite/],
    ['lossModule', 'const cut = (p, y) => t.losses.dice(p.detach(), y);', /found a tensor without gradient/],
    [
      'augmentModule',
      'const narrow = ({ image, mask }) => ({ image: image.narrow(3, 0, 16), mask });',
      /image of the augmentation .* found shape \[8, 3, 32, 16\]/,
    ],
    [
      'augmentModule',
      'const wide = ({ image, mask }) => ({ image, mask: mask.mul(255) });',
      /mask of the augmentation .* found values from 0 to 255/,
    ],
    ['samplerModule', 'const none = () => ({ batch: 4 });', /found no startEpoch\(\); .* found batch 4, expected 8/],
    ['lossModule', 'const other = 1; // no function', /found number as its export other among other/],
  ] as const)('%s: a function that breaks the contract is named: %s', async (option, body, message) => {
    const name = body.split(' ')[1] as string;
    await expect(losses({ [option]: wrong(name, body) })).rejects.toThrow(message);
  });

  it.each([
    ['there.mjs#x', /there is no file .*there\.mjs, expected a module and the name of a function/],
    ['https://example.org/x.mjs#x', /found a URL that is not a file/],
    ['x.mjs#', /found no name after #/],
  ])('%s is rejected', (given, message) => {
    expect(() => moduleFile('lossModule', given)).toThrow(message);
  });
});
