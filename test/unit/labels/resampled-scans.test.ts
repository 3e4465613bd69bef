import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkVolume, type Matrix3, readVolume, resampleVolume, writeMask } from '../../../dist/ct/index.js';
import { contourVotes } from '../../../dist/labels/contours/contourVotes.js';
import { readMaskFor } from '../../../dist/labels/readMaskFor.js';
import { series, stack } from '../../support/dicomSeries.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const folder = scratchFolder('resampled-scans');
const silent = { onNote: () => {} };
const missing = () => series({ name: (k) => (k === 3 ? null : `${k}`) });

describe('a scan that was resampled', () => {
  it('refuses outlines in pixels of its slices, with the reason', async () => {
    const volume = await readVolume(await missing(), { resample: true, ...silent });
    expect(volume).toMatchObject({ resampled: true });
    expect(() => contourVotes(volume, { seriesUid: volume.uid, readers: [] })).toThrow(
      /placing readers' outlines on .*: the scan was resampled, so its rows, columns and slices are no longer/,
    );
  });

  it('to another spacing does so too, also after a check of the volume', () => {
    const resampled = checkVolume(resampleVolume(buildVolume([4, 4, 4], 0), [2, 2, 2]), 'a test');
    expect(() => contourVotes(resampled, { seriesUid: 'scan', readers: [] })).toThrow(/the scan was resampled/);
    const kept = resampleVolume(buildVolume([4, 4, 4], 0), [1, 1, 1]);
    expect(contourVotes(kept, { seriesUid: 'scan', readers: [] }).groups).toEqual([]);
  });

  it('that needed no resampling takes outlines as before', async () => {
    const volume = await readVolume(await series(), { resample: true, ...silent });
    expect(volume.resampled).toBeUndefined();
    expect(contourVotes(volume, { seriesUid: volume.uid, readers: [] }).groups).toEqual([]);
  });

  it('refuses a mask of the slices as they were, with the reason', async () => {
    const volume = await readVolume(await missing(), { resample: true, ...silent });
    const mask = join(folder, 'mask.nii.gz');
    const { spacing, origin, direction } = volume;
    await writeMask(mask, { shape: [4, 4, 3], spacing, origin, direction, uid: 'mask', voxels: new Uint8Array(48) });
    await expect(readMaskFor(volume, mask)).rejects.toMatchObject({
      code: 'mask-shape',
      message: expect.stringMatching(
        /\[4,4,3\] voxels, expected the \[5,4,3\] .* The scan was resampled, so a mask on/,
      ),
    });
    const moved = { ...volume, origin: [0, 0, 0] as const };
    await writeMask(mask, {
      shape: stack.shape as never,
      spacing,
      origin,
      direction,
      uid: '',
      voxels: new Uint8Array(60),
    });
    await expect(readMaskFor(moved, mask)).rejects.toMatchObject({
      code: 'mask-grid',
      message: expect.stringContaining('The scan was resampled'),
    });
  });

  it('straightens a mask with the same sheared axes', async () => {
    const axes: Matrix3 = [
      [1, 0, 0],
      [0, 1, Math.sin(0.3)],
      [0, 0, Math.cos(0.3)],
    ];
    const file = async (name: string, type: string, values: Int16Array | Uint8Array) => {
      const lines = [
        'ObjectType = Image',
        'NDims = 3',
        `TransformMatrix = ${[0, 1, 2].map((axis) => axes.map((row) => row[axis]).join(' ')).join(' ')}`,
        'ElementSpacing = 1 1 2',
        'DimSize = 4 5 6',
        'Modality = MET_MOD_CT',
        `ElementType = ${type}`,
        'ElementDataFile = LOCAL',
        '',
      ];
      await writeFile(join(folder, name), Buffer.concat([Buffer.from(lines.join('\n')), Buffer.from(values.buffer)]));
      return join(folder, name);
    };
    const scan = await file('tilted.mha', 'MET_SHORT', new Int16Array(120).fill(100));
    const mask = await file('tilted-mask.mha', 'MET_UCHAR', new Uint8Array(120).fill(1));
    const volume = await readVolume(scan, { resample: true, ...silent });
    const voxels = await readMaskFor(volume, mask);
    expect(voxels).toHaveLength(volume.voxels.length);
    const middle = volume.voxels.indexOf(100);
    expect(voxels[middle]).toBe(1);
  });
});
