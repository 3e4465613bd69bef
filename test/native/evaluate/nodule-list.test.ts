import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask, writeMask } from '../../../dist/ct/index.js';
import { evaluate } from '../../../dist/evaluate/evaluate.js';
import { writePhantoms } from '../../../dist/phantom/index.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('nodule-list');
const data = join(folder, 'data');
const uids = () =>
  readdirSync(join(data, 'masks'))
    .filter((name) => name.endsWith('.mhd'))
    .map((name) => name.replace('_mask.mhd', ''));

beforeAll(async () => {
  await writePhantoms(data, { count: 2, seed: 3, level: 'hard', nodules: 4, size: [40, 144, 144] });
});

/** Writes predictions made from the truth of each scan. */
async function predict(name: string, change: (truth: Uint8Array, plane: number) => Uint8Array): Promise<string> {
  mkdirSync(join(folder, name));
  for (const uid of uids()) {
    const truth = await readMask(join(data, 'masks', `${uid}_mask.mhd`));
    const voxels = change(truth.voxels, truth.shape[1] * truth.shape[2]);
    await writeMask(join(folder, name, `${uid}.nii.gz`), { ...truth, uid, voxels });
  }
  return join(folder, name);
}

describe('every nodule of an evaluation', () => {
  it('has no error where the prediction is the truth, and the texture and size it was made with', async () => {
    const csv = join(folder, 'nodules.csv');
    const predictions = await predict('truth', (truth) => truth);
    const result = await evaluate({ data, predictions, nodulesCsv: csv });
    expect(result.perNodule.length).toBe(result.nodules);
    expect(result.nodules).toBeGreaterThan(5);
    for (const nodule of result.perNodule) {
      expect(nodule).toMatchObject({ found: true, dice: 1, iou: 1, surfaceDice1mm: 1, hd95Mm: 0, volumeErrorMm3: 0 });
      expect(nodule).toMatchObject({ longAxisErrorMm: 0, shortAxisErrorMm: 0 });
      expect(nodule.rank).toBeLessThanOrEqual(nodule.candidates);
    }
    // All masks score 1, so the ranks are the order of size: each place of a scan once.
    const places = uids().map((uid) => result.perNodule.filter((nodule) => nodule.uid === uid).map(({ rank }) => rank));
    for (const own of places) expect(own.sort()).toEqual(own.map((_, n) => n + 1));
    expect(result.candidatesPerScan).toBe(result.nodules / 2);
    expect(result.perScan).toMatchObject([{ falseComponents: 0 }, { falseComponents: 0 }]);
    const counted = result.noduleFigures.bySize.reduce((sum, { nodules }) => sum + nodules, 0);
    expect(counted).toBe(result.nodules);
    expect(result.noduleFigures.means.iou).toEqual({ mean: 1, interval: { low: 1, high: 1 } });
    expect(readFileSync(csv, 'utf8').trimEnd().split('\n')).toHaveLength(1 + result.nodules);
  });

  it('counts a missed one with the diagonal of the image, and without errors of its axes', async () => {
    const predictions = await predict('nothing', (truth) => new Uint8Array(truth.length));
    const { perNodule, noduleFigures, candidatesPerScan } = await evaluate({ data, predictions });
    const diagonal = Math.hypot(40 * 2.4, 144 * 1.3, 144 * 1.3);
    for (const nodule of perNodule) {
      expect(nodule).toMatchObject({ found: false, rank: null, iou: 0, surfaceDice1mm: 0, volumeErrorShare: -1 });
      expect(nodule.hd95Mm).toBeCloseTo(diagonal, 3);
      expect(nodule.longAxisErrorMm).toBeNull();
    }
    expect(noduleFigures).toMatchObject({ found: 0, worstRank: null, withoutCandidate: perNodule.length });
    expect(noduleFigures.means.absLongAxisErrorMm).toEqual({ mean: null, interval: null });
    expect(candidatesPerScan).toBe(0);
  });

  it('measures a prediction shifted by one column', async () => {
    const predictions = await predict('shifted', (truth) => truth.map((_, at) => truth[at - 1] ?? 0));
    const { perNodule } = await evaluate({ data, predictions });
    for (const nodule of perNodule) {
      expect(nodule.hd95Mm).toBeCloseTo(1.3, 3);
      expect(nodule).toMatchObject({ volumeErrorMm3: 0, longAxisErrorMm: 0, shortAxisErrorMm: 0 });
      expect(nodule.iou).toBeCloseTo(nodule.dice / (2 - nodule.dice), 12);
    }
  });

  it("the book's erosion deletes what is two slices thick", async () => {
    const predictions = await predict('two-slices', (truth, plane) =>
      truth.map((value, at) => (Math.floor(at / plane) % 3 === 0 ? 0 : value)),
    );
    expect((await evaluate({ data, predictions })).candidatesPerScan).toBeGreaterThan(2);
    const compat = { erodeFirst: true };
    expect(await evaluate({ data, predictions, compat })).toMatchObject({ found: 0, candidatesPerScan: 0 });
  });
});
