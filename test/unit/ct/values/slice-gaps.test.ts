import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMask } from '../../../../dist/ct/index.js';
import { dicomBytes, type Fields, type Stack } from '../../../support/dicomBytes.mjs';
import { read, scratch, series, stack } from '../../../support/dicomSeries.js';
import { enhancedFields } from '../../../support/enhancedCt.js';

const pixels = 12;

/** A stack of slices at these positions along z, each filled with its position in HU. */
const at = (...places: number[]): [Stack, (k: number) => Fields] => [
  {
    ...stack,
    shape: [places.length, 4, 3],
    stored: Int16Array.from({ length: places.length * pixels }, (_, k) => 1024 + places[Math.floor(k / pixels)]!),
  },
  (k) => ({ ImagePositionPatient: [0, 0, places[k]!] }),
];
const stackAt = async (...places: number[]): Promise<string> => {
  const [of, over] = at(...places);
  return series({ over, name: (k) => `s${k}.dcm` }, of);
};
const even = (from: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, k) => from + k * step);
const along = (voxels: readonly number[]): number[] => voxels.filter((_, k) => k % pixels === 0);

describe('a series with missing slices and `resample`', () => {
  it('interpolates one missing slice, with a note', async () => {
    const { voxels, notes } = await read(await stackAt(...even(0, 4, 2), ...even(10, 3, 2)), { resample: true });
    expect(along(voxels)).toEqual(even(0, 8, 2));
    expect(notes).toEqual([
      expect.stringMatching(/its 7 slices are 2 to 4 mm apart: resampled to 8 slices, one every 2 mm$/),
    ]);
  });

  it.each([false, true])('refuses a gap of several slices, whether resampled or not: %s', async (resample) => {
    const dir = await stackAt(...even(0, 40), ...even(153, 40));
    await expect(read(dir, { resample })).rejects.toMatchObject({
      code: 'scan-slices',
      message: expect.stringMatching(
        new RegExp(
          'found 113 slices missing between slices 39 and 40 \\(counted from 0\\), 114 mm apart ' +
            '\\(s39\\.dcm and s40\\.dcm\\) \\(the median distance is 1 mm\\), expected no gap of more than two slice ' +
            'distances\\. Get the missing slices, or interpolate them with --resample --fill-gaps\\.$',
        ),
      ),
    });
  });

  it('interpolates such a gap with `fillGaps`, with a note that counts the slices', async () => {
    const dir = await stackAt(...even(0, 4), ...even(10, 4));
    const { voxels, notes } = await read(dir, { resample: true, fillGaps: true });
    expect(along(voxels)).toEqual(even(0, 14));
    expect(notes).toEqual([expect.stringMatching(/resampled to 14 slices.*Interpolated: 6 slices missing between/)]);
    await expect(read(dir, { fillGaps: true })).rejects.toMatchObject({ code: 'scan-slices' });
  });

  it('counts every gap and shows the first three', async () => {
    const dir = await stackAt(...[0, 10, 20, 30, 40].flatMap((from) => even(from, 6)));
    await expect(read(dir, { resample: true })).rejects.toThrow(
      /found 16 slices missing 4 between slices 5 and 6 .*, 4 between .*, 4 between slices 17 and 18 .* and in 1 other gaps/,
    );
  });

  it.each<[string, number[], RegExp]>([
    [
      'at the end',
      [...even(0, 20), 319],
      /a scout or another series: slice 20 lies 300 mm away .* \(s20\.dcm\)\. Move/,
    ],
    [
      'at the start',
      [-300, ...even(0, 20)],
      /a scout or another series: slice 0 lies 300 mm away .* \(s0\.dcm\)\. Move/,
    ],
    ['two of them', [...even(0, 20), 319, 320], /slices 20 to 21 lie 300 mm away .* \(s20\.dcm, s21\.dcm\)\. Move/],
    ['beside two slices', [0, 1, 301], /slice 2 lies 300 mm away from the others/],
  ])('says that a far slice may be a scout: %s', async (_where, places, message) => {
    const dir = await stackAt(...places);
    for (const resample of [false, true])
      await expect(read(dir, { resample })).rejects.toMatchObject({
        code: 'scan-slices',
        message: expect.stringMatching(message),
      });
  });

  it('does not take half of the slices for a scout', async () => {
    await expect(read(await stackAt(0, 1, 301, 302), { resample: true })).rejects.toThrow(/Get the missing slices/);
  });

  it.each<[string, number[]]>([
    ['pairs of slices', [0, 0.1, 5, 5.1, 10, 10.1, 15, 15.1]],
    ['two gaps of which one is exactly two distances', [0, 1, 2, 4, 5, 8]],
  ])('refuses %s', async (_what, places) => {
    await expect(read(await stackAt(...places), { resample: true })).rejects.toMatchObject({ code: 'scan-slices' });
  });

  it.each<[string, number[]]>([
    ['gaps of two distances within rounding', [0, 1, 2, 4.04, 5.04, 7.08, 8.08]],
    ['distances that grow', [0, 1, 2.2, 3.6, 5.2]],
    ['every second slice missing in one half', [...even(0, 6), ...even(7, 5, 2)]],
  ])('interpolates %s', async (_what, places) => {
    const { volume } = await read(await stackAt(...places), { resample: true });
    expect(volume.shape[0]).toBeLessThanOrEqual(20);
  });

  it('names the frames of one file', async () => {
    const path = join(scratch(), 'gap.dcm');
    const [of] = at(...even(0, 6));
    writeFileSync(path, dicomBytes(enhancedFields({ ...of, spacing: [1, 1, 1] }, { order: [0, 1, 2, 5] })));
    await expect(read(path, { resample: true })).rejects.toThrow(
      /2 slices missing .*\(gap\.dcm frame 3 and gap\.dcm frame 4\)/,
    );
  });

  it('and labels alike', async () => {
    const [of, over] = at(...even(0, 5), 12);
    const labels = { ...of, stored: new Int16Array(of.stored.length).fill(1) };
    const dir = await series({ over: (k) => ({ ...over(k), RescaleIntercept: 0 }) }, labels);
    await expect(readMask(dir, { resample: true })).rejects.toMatchObject({ code: 'scan-slices' });
    const { voxels } = await readMask(dir, { resample: true, fillGaps: true });
    expect([...new Set(voxels)]).toEqual([1]);
  });
});
