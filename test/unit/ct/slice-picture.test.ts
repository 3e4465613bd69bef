import { expect, it } from 'vitest';
import { slicePicture } from '../../../dist/ct/pictures/slicePicture.js';

it('a slice picture has different colours for agreement, misses and false positives', () => {
  const hu = [-2048, 400, -600, -600];
  const { rgb } = slicePicture(hu, [0, 1, 1, 0], [0, 1, 0, 1], 2, 2);
  const pixels = [0, 1, 2, 3].map((at) => [...rgb.subarray(3 * at, 3 * at + 3)]);
  expect(pixels[0]).toEqual([0, 0, 0]);
  expect(pixels[1]).toEqual([255, 255, 127]);
  const [missed, falsePositive] = [pixels[2] as number[], pixels[3] as number[]];
  expect(missed[1]).toBeGreaterThan(missed[0] as number);
  expect(falsePositive[0]).toBeGreaterThan(falsePositive[1] as number);
});

it('a slice picture keeps unlabelled pixels grey', () => {
  const { rgb, width, height } = slicePicture([-600, 0], [0, 0], [0, 0], 1, 2);
  expect([width, height]).toEqual([2, 1]);
  expect(new Set(rgb.subarray(0, 3)).size).toBe(1);
  expect(rgb[3]).toBeGreaterThan(rgb[0] as number);
});
