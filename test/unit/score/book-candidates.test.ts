import { describe, expect, test } from 'vitest';
import { connectedComponents } from '../../../dist/ct/index.js';
import { applyPoint, bookCandidates, type PredictedScan } from '../../../dist/score/index.js';
import { random } from '../../support/random.js';
import { buildVolume } from '../../support/volume.js';

const shape = [7, 12, 11] as const;
const [slices, rows, columns] = shape;
const at = (i: number, r: number, c: number) => (i * rows + r) * columns + c;

/** Voxels of a box, both corners inside. */
function box([i0, r0, c0]: readonly number[], [i1, r1, c1]: readonly number[]): number[] {
  const voxels: number[] = [];
  for (let i = i0!; i <= i1!; i++)
    for (let r = r0!; r <= r1!; r++) for (let c = c0!; c <= c1!; c++) voxels.push(at(i, r, c));
  return voxels;
}

const probabilitiesOf = (voxels: number[], value = 0.9) => {
  const probabilities = new Float32Array(slices * rows * columns);
  for (const voxel of voxels) probabilities[voxel] = value;
  return probabilities;
};

const point = { threshold: 0.5, minimumVoxels: 1, minimumScore: 0 };

const scanWith = (predicted: number[], changes: Partial<PredictedScan> = {}): PredictedScan => {
  const truth = new Uint8Array(slices * rows * columns);
  for (const voxel of box([2, 3, 3], [4, 5, 5])) truth[voxel] = 1;
  const nodules = [{ centerIRC: [3, 4, 4] as const, diameterMm: 3 }];
  return { volume: buildVolume(shape, 0), truth, nodules, probabilities: probabilitiesOf(predicted), ...changes };
};

describe("the book's grouping", () => {
  test('keeps the voxels whose six neighbours are above the threshold, as 6-connected components', () => {
    const next = random(2);
    const probabilities = Float32Array.from({ length: slices * rows * columns }, () => (next() < 0.9 ? 0.8 : 0.1));
    const above = (i: number, r: number, c: number) =>
      i >= 0 && r >= 0 && c >= 0 && i < slices && r < rows && c < columns && probabilities[at(i, r, c)]! > 0.5;
    const mask = new Uint8Array(probabilities.length);
    for (let i = 0; i < slices; i++)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++) {
          const own = [above(i, r, c), above(i - 1, r, c), above(i + 1, r, c), above(i, r - 1, c)];
          own.push(above(i, r + 1, c), above(i, r, c - 1), above(i, r, c + 1));
          mask[at(i, r, c)] = own.every(Boolean) ? 1 : 0;
        }
    const expected = connectedComponents(mask, shape, 6);
    const { labels, components } = bookCandidates(buildVolume(shape, 0), probabilities, 0.5);
    expect(labels).toEqual(expected.labels);
    expect(components.length).toBeGreaterThan(3);
    expect(components.map(({ voxels }) => voxels)).toEqual(expected.components.map(({ voxels }) => voxels));
  });

  test('weights the centre by HU clipped to ±1000, plus 1001', () => {
    const volume = buildVolume(shape, (_, __, c) => (c === 4 ? 3000 : -2000));
    const [candidate] = bookCandidates(volume, probabilitiesOf(box([1, 2, 2], [3, 4, 6])), 0.5).components;
    // Columns 3, 4 and 5 stay, with weights 1, 2001 and 1.
    expect(candidate).toMatchObject({ voxels: 3, centerIRC: [2, 3, expect.closeTo((3 + 2001 * 4 + 5) / 2003, 12)] });
  });

  test('scores a candidate by the mean probability of what is left of it', () => {
    const probabilities = probabilitiesOf(box([1, 2, 2], [3, 4, 4]), 0.6);
    probabilities[at(2, 3, 3)] = 1;
    expect(bookCandidates(buildVolume(shape, 0), probabilities, 0.5).components).toMatchObject([
      { voxels: 1, score: 1 },
    ]);
  });

  test('deletes a nodule of two slices, which the fixed grouping finds', () => {
    const scan = scanWith(box([3, 3, 3], [4, 5, 5]));
    expect(applyPoint(scan, point, { erodeFirst: true })).toMatchObject({ candidates: 0 });
    const fixed = applyPoint(scan, point);
    expect(fixed.candidates).toBe(1);
    expect(fixed.score.nodules[0]!.found).toBe(true);
  });
});

describe("the book's matching", () => {
  test('accepts a candidate up to 0.7 diameters away, and ignores no finding', () => {
    const away = box([3, 4, 6], [3, 4, 6]);
    const ignored = [{ centerIRC: [3, 4, 6] as const, diameterMm: 2 }];
    const strict = applyPoint(scanWith(away, { ignored }), point);
    expect(strict.score).toMatchObject({ nodules: [{ found: false }], falseComponents: 0 });
    const loose = applyPoint(scanWith(away, { ignored }), point, { looseMatching: true });
    expect(loose.score.nodules[0]!.found).toBe(true);
    const farther = applyPoint(scanWith(box([3, 4, 7], [3, 4, 7]), { ignored: [] }), point, { looseMatching: true });
    expect(farther.score).toMatchObject({ nodules: [{ found: false }], falseComponents: 1 });
  });
});

describe('comparing nodules', () => {
  test('ranks the best candidate of a nodule among all, by score and by size', () => {
    const scan = scanWith([]);
    const set = (voxels: number[], value: number) => {
      for (const voxel of voxels) scan.probabilities[voxel] = value;
    };
    set(box([3, 4, 4], [3, 4, 5]), 0.7);
    set(box([0, 0, 0], [0, 0, 0]), 0.9);
    set(box([6, 8, 5], [6, 11, 9]), 0.6);
    const { candidates, compare } = applyPoint(scan, { ...point, minimumScore: 0.8 });
    expect(candidates).toBe(3);
    // The point drops the candidate, so nothing is predicted; its rank stays.
    expect(compare()).toMatchObject([{ rank: 2, rankBySize: 2, metrics: { iou: 0, surfaceDice1mm: 0 } }]);
    expect(applyPoint(scan, point).compare()).toMatchObject([{ metrics: { iou: 2 / 27, volumeErrorMm3: -25 } }]);
  });

  test('no candidate at the nodule has no rank', () => {
    expect(applyPoint(scanWith(box([0, 0, 0], [0, 1, 1])), point).compare()).toMatchObject([
      { rank: null, rankBySize: null, metrics: { iou: 0 } },
    ]);
  });

  test('in a crop everything that is predicted belongs to the nodule', () => {
    const scan = scanWith([...box([2, 3, 3], [4, 5, 5]), at(6, 11, 10)], { oneNodule: true });
    expect(applyPoint(scan, point).compare()).toMatchObject([
      { rank: 1, metrics: { iou: 27 / 28, volumeErrorMm3: 1 } },
    ]);
    const empty = scanWith([], { oneNodule: true, truth: new Uint8Array(slices * rows * columns) });
    expect(applyPoint(empty, point).compare()[0]!.metrics.iou).toBeNull();
  });
});
