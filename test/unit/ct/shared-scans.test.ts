import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMask, readVolume } from '../../../dist/ct/index.js';
import { sharedData } from '../../support/shared.js';
import { rangeOf, type SharedScan, sha256Of, sharedScans } from '../../support/sharedScans.js';

interface Case extends SharedScan {
  file: string;
  readable: boolean;
}

const cases = sharedScans<Case>('shared-scans');
const readable = cases.filter((one) => one.readable);

/** NIfTI stores positions as float32, and ITK reads them from another field than we do. */
const close = (ours: readonly number[], theirs: readonly number[], tolerance: number) =>
  expect(Math.max(...theirs.map((value, n) => Math.abs(value - ours[n]!)))).toBeLessThanOrEqual(tolerance);

const data = sharedData();
describe.skipIf(data === null)('every real scan and mask (skipped without ../shared/data)', { timeout: 60_000 }, () => {
  it.each(readable.map((one) => [one.file, one] as const))('reads as SimpleITK reads it: %s', async (file, one) => {
    const volume = await readVolume(path.join(data as string, file), { onNote: () => {} });
    expect(volume.shape.toReversed()).toEqual(one.size);
    const tolerance = file.endsWith('.nii.gz') ? 1e-5 : 1e-12;
    close(volume.spacing as readonly number[], one.spacing, tolerance);
    close(volume.origin, one.origin, tolerance);
    close(volume.direction.flat(), one.direction.flat(), tolerance);
    expect([volume.scale, volume.offset]).toEqual([1, 0]);
    expect(rangeOf(volume.voxels)).toEqual(one.range);
    expect(sha256Of(volume.voxels)).toBe(one.sha256);
  });

  it.each(readable.filter(({ file }) => /mask|votes/.test(file)).map(({ file, sha256: hash }) => [file, hash]))(
    'reads as a mask too: %s',
    async (file, hash) => {
      const { voxels } = await readMask(path.join(data as string, file as string));
      expect(sha256Of(Int16Array.from(voxels))).toBe(hash);
    },
  );

  it('names the missing data file of a header', async () => {
    const [broken] = cases.filter((one) => !one.readable);
    expect(cases.filter((one) => !one.readable)).toHaveLength(1);
    const error = await readVolume(path.join(data as string, broken!.file)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'NoduleTrainError', code: 'scan-missing' });
    expect((error as Error).message).toMatch(
      /^reading .*\.raw, the ElementDataFile of .*header-without-data\.mhd: there is no such file\. Put it beside the header\.$/,
    );
  });
});
