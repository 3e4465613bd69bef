import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import type { Volume } from '../../../dist/ct/index.js';
import { overlayPicture } from '../../../dist/evaluate/overlayPicture.js';
import { chooseOperatingPoint, PointSearch, type PredictedScan, scoreAt } from '../../../dist/score/index.js';
import { buildVolume } from '../../support/volume.js';

const shape = [12, 32, 40] as const;
const at = (i: number, r: number, c: number) => (i * shape[1] + r) * shape[2] + c;

const volume = () => buildVolume(shape, -850, { spacing: [0.5, 0.5, 2], origin: [-10, 20, 100] });

/** Sets a block of `size` voxels along each axis to a value. */
function block(target: Float32Array | Uint8Array, [i, r, c]: readonly number[], size: number, value: number) {
  for (let k = 0; k < size ** 3; k++)
    target[at(i! + Math.floor(k / size ** 2), r! + (Math.floor(k / size) % size), c! + (k % size))] = value;
}

describe('the operating point', () => {
  const predicted = (clutter: number): PredictedScan => {
    const truth = new Uint8Array(12 * 32 * 40);
    block(truth, [5, 14, 14], 3, 1);
    const probabilities = new Float32Array(truth.length);
    block(probabilities, [5, 14, 14], 3, 0.8);
    for (let n = 0; n < clutter; n++) block(probabilities, [(n % 2) * 6, 4 * Math.floor(n / 2), 34], 2, 0.75);
    return { volume: volume(), truth, nodules: [{ centerIRC: [6, 15, 15], diameterMm: 6 }], probabilities };
  };

  it('drops clutter that is smaller than the nodules', () => {
    const choice = chooseOperatingPoint([predicted(6)], { minimumScores: [0] });
    expect(choice).toMatchObject({ sensitivity: 1, falsePerScan: 0, dice3d: 1 });
    expect(choice.minimumVoxels).toBeGreaterThan(8);
    expect(choice.minimumVoxels).toBeLessThanOrEqual(27);
  });

  it('drops less confident clutter of the size of the nodules', () => {
    const choice = chooseOperatingPoint([predicted(6)], { minimumVoxels: [4] });
    expect(choice).toMatchObject({ sensitivity: 1, falsePerScan: 0, dice3d: 1 });
    expect(choice.minimumScore).toBeGreaterThan(0.75);
    expect(choice.minimumScore).toBeLessThanOrEqual(0.8);
  });

  it('stays within the limit of false components although a looser point would find more', () => {
    const options = { thresholds: [0.5, 0.9], minimumVoxels: [4], minimumScores: [0], maxFalsePerScan: 4 };
    expect(chooseOperatingPoint([predicted(6)], options)).toMatchObject({
      threshold: 0.9,
      sensitivity: 0,
      falsePerScan: 0,
    });
    expect(chooseOperatingPoint([predicted(4)], options)).toMatchObject({
      threshold: 0.5,
      sensitivity: 1,
      falsePerScan: 4,
    });
  });

  it('takes the fewest false components if no point is within the limit', () => {
    const options = { thresholds: [0.3, 0.5], minimumVoxels: [1, 8], minimumScores: [0], maxFalsePerScan: 1 };
    expect(chooseOperatingPoint([predicted(6)], options).falsePerScan).toBe(6);
  });

  it('gives the same score when applied again', () => {
    const scan = predicted(6);
    expect(scoreAt(scan, chooseOperatingPoint([scan]))).toMatchObject({ falseComponents: 0, predictedComponents: 1 });
  });
});

describe('the overlay picture', () => {
  it('shows true positives yellow, misses green and false positives red, beside the plain slice', () => {
    const [truth, predicted] = [new Uint8Array(12 * 32 * 40), new Uint8Array(12 * 32 * 40)];
    truth[at(5, 16, 20)] = predicted[at(5, 16, 20)] = 1;
    truth[at(5, 16, 21)] = 1;
    predicted[at(5, 16, 19)] = 1;
    const tile = { volume: volume(), truth, predicted, center: [5, 16, 20] as const };
    const { width, height, data } = decode(overlayPicture([tile], { window: 8, zoom: 1 }));
    expect([width, height]).toEqual([20, 8]);
    const pixel = (x: number, y: number) =>
      [...data.slice(3 * (y * width + x), 3 * (y * width + x) + 3)] as [number, number, number];
    const lit = ([r, g, b]: [number, number, number]) => [r > b + 50, g > b + 50];
    // The coloured tile starts after the plain one of 8 pixels and a gap of 4; its middle is voxel (16, 20).
    expect([3, 4, 5].map((x) => lit(pixel(12 + x, 4)))).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ]);
    const [r, g, b] = pixel(4, 4);
    expect(r === g && g === b).toBe(true);
  });

  it('scales values that are not HU from the lowest to the highest of the slice', () => {
    const voxels = Int16Array.from({ length: 12 * 32 * 40 }, (_, k) => 100 + (k % 40));
    const mask = new Uint8Array(voxels.length);
    const crop: Volume = { ...volume(), voxels, intensity: 'arbitrary' };
    const tile = { volume: crop, truth: mask, predicted: mask, center: [5, 16, 20] as const };
    const { width, data } = decode(overlayPicture([tile], { window: 64, zoom: 1 }));
    // Columns 0 and 39 are the pixels 12 and 51 of the window around column 20.
    expect([12, 51].map((x) => data[3 * (32 * width + x)])).toEqual([0, 255]);
  });
});

describe('choosing an operating point by the selection score', () => {
  // Two crops with agreement, 16 voxels at 0.9 and 4 at 0.6, and one without agreement, 4 voxels at 0.6.
  const crop = (voxels: number, probability: number, agreed: boolean): PredictedScan => {
    const truth = new Uint8Array(256);
    const probabilities = new Float32Array(256);
    for (let i = 0; i < voxels; i++) {
      probabilities[i] = probability;
      if (agreed) truth[i] = 1;
    }
    const volume = { shape: [1, 16, 16], spacing: null, uid: 'a', intensity: 'arbitrary' } as never;
    return { volume, truth, nodules: [{ centerIRC: [0, 0, 4], diameterMm: 4 }], oneNodule: true, probabilities };
  };
  const best = (mostMissed: number) => {
    const search = new PointSearch({ thresholds: [0.5, 0.7], minimumVoxels: [1], minimumScores: [0] });
    for (const one of [crop(16, 0.9, true), crop(4, 0.6, true), crop(4, 0.6, false)]) search.add(one);
    return search.best(mostMissed);
  };

  it('takes the best score among the points that miss few enough nodules', () => {
    expect(best(0.2)).toMatchObject({ threshold: 0.5, missed: 0, nodules: 2, score: 0.5 });
    expect(best(1)).toMatchObject({ threshold: 0.5, missed: 0 });
  });

  it('takes the point that misses the fewest if none misses few enough', () => {
    const search = new PointSearch({ thresholds: [0.7], minimumVoxels: [1], minimumScores: [0] });
    for (const one of [crop(16, 0.9, true), crop(4, 0.6, true)]) search.add(one);
    expect(search.best(0)).toMatchObject({ missed: 1, nodules: 2, score: 0.5 });
  });
});
