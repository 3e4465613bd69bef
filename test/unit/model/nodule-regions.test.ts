import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noduleRegions } from '../../../dist/model/scan/noduleRegions.js';
import { receptiveRadius } from '../../../dist/model/scan/receptiveRadius.js';
import { CandidateStream, candidatesAbove, candidateVoxels } from '../../../dist/score/index.js';

const shape = [12, 32, 40] as const;
const at = (i: number, r: number, c: number) => (i * shape[1] + r) * shape[2] + c;

/** Sets a block of `size` voxels along each axis to a value. */
function block(target: Float32Array, [i, r, c]: readonly [number, number, number], size: number, value: number) {
  for (let k = 0; k < size ** 3; k++)
    target[at(i + Math.floor(k / size ** 2), r + (Math.floor(k / size) % size), c + (k % size))] = value;
}

/** Streams a probability volume, without the slices that hold only 0. */
function streamed(
  probabilities: Float32Array,
  [slices, rows, columns]: readonly [number, number, number],
  cut: number,
) {
  const stream = new CandidateStream([slices, rows, columns], cut);
  // The same array for every slice, as a network's planes are.
  const plane = new Float32Array(rows * columns);
  for (let slice = 0; slice < slices; slice++) {
    plane.set(probabilities.subarray(slice * plane.length, (slice + 1) * plane.length));
    if (plane.some((value) => value !== 0)) stream.add(slice, plane);
  }
  return stream.finish();
}

describe('nodules of streamed slices', () => {
  const probabilities = new Float32Array(12 * 32 * 40).fill(0.02);
  block(probabilities, [2, 4, 6], 3, 0.7);
  block(probabilities, [6, 20, 30], 4, 0.9);
  probabilities[at(10, 10, 10)] = 0.99;
  const regions = (minimumScore: number, minimumVoxels = 8) =>
    noduleRegions(streamed(probabilities, shape, 0.5), shape[2], { threshold: 0.5, minimumVoxels, minimumScore });

  it('are numbered by confidence and have their own voxels, ascending', () => {
    const found = regions(0);
    expect(found.map(({ number, positions }) => [number, positions.length])).toEqual([
      [1, 64],
      [2, 27],
    ]);
    expect(found[0]?.score).toBeCloseTo(0.9, 6);
    expect([...found[1]!.positions]).toEqual(
      [...probabilities.keys()].filter((index) => Math.abs(probabilities[index]! - 0.7) < 1e-3),
    );
  });

  it('exclude components below the minimum size or score', () => {
    expect(regions(0.8).map(({ positions }) => positions.length)).toEqual([64]);
    expect(regions(0, 1).map(({ positions }) => positions.length)).toEqual([1, 64, 27]);
    expect(regions(0, 65)).toEqual([]);
  });

  it('are those of the whole volume, also where slices are skipped', () => {
    const volumes = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 7 }))
      .chain(([i, r, c]) =>
        fc.record({
          size: fc.constant([i, r, c] as const),
          empty: fc.array(fc.boolean(), { minLength: i, maxLength: i }),
          values: fc.array(fc.constantFrom(0, 0.2, 0.6, 0.9), { minLength: i * r * c, maxLength: i * r * c }),
        }),
      );
    fc.assert(
      fc.property(volumes, ({ size, empty, values }) => {
        const plane = size[1] * size[2];
        const volume = Float32Array.from(values, (value, k) => (empty[Math.floor(k / plane)] ? 0 : value));
        const whole = candidatesAbove(volume, size, 0.5);
        const found = streamed(volume, size, 0.5);
        expect(found.components).toEqual(whole.components);
        const voxels = candidateVoxels(found, size[2], found.components);
        for (const { label } of whole.components)
          expect([...voxels.get(label)!]).toEqual([...whole.labels.keys()].filter((k) => whole.labels[k] === label));
      }),
      { numRuns: 300 },
    );
  });

  it('refuse slices out of order', () => {
    const stream = new CandidateStream(shape, 0.5);
    stream.add(3, new Float32Array(32 * 40));
    expect(() => stream.add(3, new Float32Array(32 * 40))).toThrow(
      expect.objectContaining({ code: 'mask-shape', message: expect.stringContaining('slice 3') }),
    );
    expect(() => stream.add(12, new Float32Array(32 * 40))).toThrow(expect.objectContaining({ code: 'mask-shape' }));
  });
});

describe('the receptive radius', () => {
  it('of the levels of a U-Net', () => {
    expect([1, 2, 3].map((depth) => receptiveRadius(depth))).toEqual([2, 8, 22]);
    expect(receptiveRadius(3, 'upsample')).toBeGreaterThan(22);
  });
});
