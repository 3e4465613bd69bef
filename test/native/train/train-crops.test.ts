import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeMask, writeVolume } from '../../../dist/ct/index.js';
import { readSplit } from '../../../dist/data/index.js';
import { evaluate } from '../../../dist/evaluate/evaluate.js';
import type { TrainEvent } from '../../../dist/train/events.js';
import { loadCheckpoint } from '../../../dist/train/run/checkpoint.js';
import { train } from '../../../dist/train/train.js';
import { writeNnunetFixture } from '../../support/datasets.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const folder = scratchFolder('crops');
const events: TrainEvent[] = [];
const configIn = (folder: string, out: string) => ({
  data: join(folder, 'data'),
  out: join(folder, out),
  folds: 3,
  fold: 0,
  epochs: 1,
  samples: 32,
  threads: 1,
  contextSlices: 1,
  cropSize: 32,
  network: { depth: 2, wf: 2 },
  compat: { zeroIsBest: true },
});
beforeAll(async () => {
  const cases = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      `LIDC-IDRI-${String(i >> 1).padStart(4, '0')}_n${i & 1}`,
      i % 4 === 3 ? 0 : 5 + (i % 3),
    ]),
  );
  await writeNnunetFixture(join(folder, 'data'), { cases });
  for await (const event of train(configIn(folder, 'run'))) events.push(event);
}, 120_000);

describe('training on an nnU-Net raw folder of 8-bit crops', () => {
  it('splits by patient with the given fold, and notes how it interprets the cases', async () => {
    const { unit, fold, train: trained, validation } = await readSplit(join(folder, 'run', 'split.json'));
    expect([unit, fold]).toEqual(['patient', { number: 0, of: 3, by: 'hash' }]);
    const patients = (uids: string[]) => new Set(uids.map((uid) => uid.slice(0, 14)));
    expect([...patients(trained)].filter((one) => patients(validation).has(one))).toEqual([]);
    expect(events).toContainEqual({ type: 'note', text: expect.stringMatching(/crop around one nodule/) });
  });

  it('validates each case as one nodule, those without a label separately', async () => {
    const { validation } = await readSplit(join(folder, 'run', 'split.json'));
    const found = events.find((event) => event.type === 'validation')!.nodules;
    expect(found.nodules + found.withoutAgreement).toBe(validation.length);
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'finished' });
  });

  it('trains a model that scores such crops, one nodule each, without a baseline in HU', async () => {
    const model = join(folder, 'run', 'checkpoints', 'best.safetensors');
    const figures = await evaluate({
      data: join(folder, 'data'),
      model,
      threshold: 0.5,
      minimumVoxels: 1,
      device: 'cpu',
    });
    expect(figures).toMatchObject({ scans: 12, nodules: 12, withoutAgreement: 3, patients: 6, baseline: null });
    expect(figures.jointOfEmpty).toBeCloseTo(3 / 12);
  });

  it('trains a model that predicts scans in HU window by window', async () => {
    const shape = [2, 160, 144] as const;
    const [images, labels] = [join(folder, 'hu', 'images'), join(folder, 'hu', 'labels')];
    for (const dir of [images, labels]) mkdirSync(dir, { recursive: true });
    const voxels = Int16Array.from({ length: 2 * 160 * 144 }, (_, at) => ((at * 7919) % 1400) - 1000);
    const scan = buildVolume(shape, voxels, { uid: 'a' });
    await writeVolume(join(images, 'a.mha'), scan);
    await writeMask(join(labels, 'a.mha'), { ...scan, voxels: new Uint8Array(voxels.length).fill(1, 5000, 5040) });
    const model = join(folder, 'run', 'checkpoints', 'best.safetensors');
    const figures = await evaluate({ data: join(folder, 'hu'), model, device: 'cpu' });
    expect(figures).toMatchObject({ scans: 1, nodules: 1, trainedOn: 0 });
  });

  it('chooses the operating point on the validation scans with `choosePoint`, and saves it with the model', async () => {
    const notes: string[] = [];
    for await (const event of train({ ...configIn(folder, 'chosen'), choosePoint: true, flips: true }))
      if (event.type === 'note') notes.push(event.text);
    expect(notes.at(-1)).toMatch(/^Operating point of the saved model, chosen on \d+ validation scans/);
    const model = join(folder, 'chosen', 'checkpoints', 'best.safetensors');
    const { description, state } = loadCheckpoint(model);
    expect(description).toMatchObject({ flips: true, minimumScore: expect.any(Number) });
    expect(state.best?.epoch).toBe(1);
    const split = join(folder, 'chosen', 'split.json');
    const { threshold, minimumVoxels, minimumScore } = description;
    const own = await evaluate({ data: join(folder, 'data'), model, split, part: 'validation', device: 'cpu' });
    expect(own.operatingPoint).toEqual({ threshold, minimumVoxels, minimumScore });
    expect(notes.at(-1)).toContain(`it misses ${own.missed} of ${own.nodules - own.withoutAgreement} nodules`);
  });
});
