import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listSeries } from '../../../dist/ct/index.js';
import type { Fields } from '../../support/dicomBytes.mjs';
import { ramp, read, scout, several } from '../../support/dicomSeries.js';

describe('a folder of several series', () => {
  it('is listed by UID, without anything about the patient', async () => {
    const dir = await several(['1.2.20', {}], ['1.2.10', { Modality: 'PT' }], ['1.2.30', scout]);
    const all = await listSeries(dir);
    expect(all.map(({ files, ...rest }) => ({ ...rest, files: files.length }))).toEqual([
      { uid: '1.2.10', modality: 'PT', slices: 5, leftOut: 0, rows: 4, columns: 3, files: 5 },
      { uid: '1.2.20', modality: 'CT', slices: 5, leftOut: 0, rows: 4, columns: 3, files: 5 },
      { uid: '1.2.30', modality: 'CT', slices: 0, leftOut: 5, rows: 4, columns: 3, files: 5 },
    ]);
    expect(all[0]!.files[0]).toBe(join(dir, '1.2.10 0'));
    expect(JSON.stringify(all)).not.toMatch(/planted|felicitas|19310207/i);
  });

  it('gives the requested series', async () => {
    const dir = await several(['1.2.20', {}], ['1.2.10', { RescaleIntercept: 7 }]);
    const { volume, voxels } = await read(dir, { series: '1.2.10' });
    expect(volume.uid).toBe('1.2.10');
    expect(voxels).toEqual(Array.from(ramp, (stored) => stored + 7));
  });

  it.each<[string, readonly [string, Fields][], string]>([
    [
      'a CT beside its localizers',
      [
        ['1.2.1', scout],
        ['1.2.2', {}],
      ],
      '1.2.2',
    ],
    [
      'a CT beside PET and MR',
      [
        ['1.2.1', { Modality: 'PT' }],
        ['1.2.2', {}],
        ['1.2.3', { Modality: 'MR' }],
      ],
      '1.2.2',
    ],
    [
      'an MR beside its segmentation',
      [
        ['1.2.1', { Modality: 'SEG' }],
        ['1.2.2', { Modality: 'MR' }],
      ],
      '1.2.2',
    ],
    [
      'a CT beside a dose report',
      [
        ['1.2.1', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' }],
        ['1.2.2', {}],
      ],
      '1.2.2',
    ],
  ])('gives the only scan by default, with a note: %s', async (_what, series, uid) => {
    const { volume, notes } = await read(await several(...series));
    expect(volume.uid).toBe(uid);
    expect(notes[0]).toMatch(new RegExp(`of ${series.length} series, reading the only one .*, ${uid}$`));
  });

  it('ignores a fault in a series that is not read', async () => {
    const dir = await several(['1.2.1', { Modality: 'MR', ImagePositionPatient: undefined }], ['1.2.2', {}]);
    expect((await read(dir)).volume.uid).toBe('1.2.2');
  });
});
