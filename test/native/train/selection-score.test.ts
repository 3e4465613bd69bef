import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeMask, writeVolume } from '../../../dist/ct/index.js';
import { type LabelledScan, openDataset, readSplit } from '../../../dist/data/index.js';
import { scoreAt, selectionScore, train, writePhantoms } from '../../../dist/index.js';
import { predictedScan } from '../../../dist/score/index.js';
import { writeJson } from '../../support/datasets.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const folder = scratchFolder('selection');

/**
 * Writes noisy 8-bit crops with a blob in the middle, labelled except in every fourth crop, and an unlabelled vessel
 * beside it.
 */
async function writeCrops(dir: string): Promise<string> {
  const shape = [4, 48, 48] as const;
  for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(dir, part), { recursive: true });
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  for (let n = 0; n < 24; n++) {
    const name = `LIDC-IDRI-${String(n >> 1).padStart(4, '0')}_n${n & 1}`;
    const [agreed, radius, at, vessel] = [n % 4 !== 3, 3 + 4 * random(), 18 + 12 * random(), 4 + 8 * random()];
    const [voxels, mask] = [new Int16Array(4 * 48 * 48), new Uint8Array(4 * 48 * 48)];
    for (let v = 0; v < voxels.length; v++) {
      const [r, c] = [Math.floor(v / 48) % 48, v % 48];
      const inside = Math.hypot(r - at, c - 24) < (agreed ? radius : radius / 2);
      const bright = inside ? (agreed ? 110 : 60) : Math.abs(c - vessel) < 2 ? 110 : 0;
      voxels[v] = Math.round(40 + bright + 60 * random());
      if (inside && agreed) mask[v] = 1;
    }
    const image = buildVolume(shape, voxels, { uid: name, intensity: 'arbitrary' });
    await writeVolume(join(dir, 'imagesTr', `${name}_0000.mha`), image);
    await writeMask(join(dir, 'labelsTr', `${name}.mha`), { ...image, voxels: mask });
  }
  writeJson(join(dir, 'dataset.json'), {
    channel_names: { 0: 'CT, 8 bit' },
    ...{ labels: { background: 0, nodule: 1 }, numTraining: 24, file_ending: '.mha', intensity: 'arbitrary' },
  });
  return dir;
}

/** Scores of the validations of a short run, the first one of a weak model, and those of trivial predictions. */
async function scoresOf(data: string, out: string, more: object) {
  const config = {
    ...{ data, out, threads: 1, images: 0, logSteps: 1000, network: { depth: 2, wf: 3 }, device: 'cpu' },
    ...{ loss: 'dice-ce', learningRate: 4e-3, schedule: 'constant' },
    ...more,
  } as const;
  const trained: number[] = [];
  for await (const event of train(config)) if (event.type === 'validation') trained.push(event.score);
  const { validation } = await readSplit(join(out, 'split.json'));
  const dataset = await openDataset(data);
  const scans = await Promise.all(validation.map((uid) => dataset.load(uid)));
  const point = { threshold: 0.5, minimumVoxels: 1, minimumScore: 0 };
  const of = (predict: (scan: LabelledScan) => Uint8Array) =>
    selectionScore(
      scans.map((scan) => scoreAt(predictedScan(scan, Float32Array.from(predict(scan))), point)),
    ) as number;
  return {
    trained,
    ones: of(({ mask }) => new Uint8Array(mask.length).fill(1)),
    zeros: of(({ mask }) => new Uint8Array(mask.length)),
    voxels: of(({ mask, nodules, volume: { shape } }) => {
      const [, rows, columns] = shape;
      const one = new Uint8Array(mask.length);
      for (const { center } of nodules) one[(center[0] * rows + center[1]) * columns + center[2]] = 1;
      return one;
    }),
  };
}

describe('the score that picks the best checkpoint', { timeout: 120_000 }, () => {
  it.each([
    [
      'crops of one nodule each',
      () => writeCrops(join(folder, 'crops')),
      { folds: 4, fold: 0, epochs: 2, samples: 256, contextSlices: 0, cropSize: 48 },
    ],
    [
      'whole scans',
      async () => {
        const dir = join(folder, 'phantoms');
        await writePhantoms(dir, {
          ...{ count: 4, level: 'easy', size: [32, 128, 128], spacing: [2.2, 2.2, 3.5] },
          seed: 3,
          threads: 1,
        });
        return dir;
      },
      { epochs: 2, samples: 512, contextSlices: 1, cropSize: 48, validationShare: 0.3 },
    ],
  ] as const)(
    'is lower for all ones, all zeros and one voxel in each nodule than for a trained model, even a weak one: %s',
    async (name, write, more) => {
      const { trained, ones, zeros, voxels } = await scoresOf(await write(), join(folder, `run of ${name}`), more);
      expect(trained).toHaveLength(2);
      expect(zeros).toBe(0);
      for (const score of trained) expect(score).toBeGreaterThan(1.5 * Math.max(ones, voxels));
    },
  );
});
