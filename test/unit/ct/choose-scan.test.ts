import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findScans, readVolume } from '../../../dist/ct/index.js';
import { dicomBytes, type Fields, patient, type Stack, sliceFields } from '../../support/dicomBytes.mjs';
import { add, scout, stack, writeSeries } from '../../support/dicomSeries.js';
import { addImage, addSeries, chest, find, folder } from '../../support/scanFolders.js';

describe('the scan of a study', () => {
  const coronal = [
    [1, 0, 0],
    [0, 0, 1],
    [0, -1, 0],
  ] as const;
  /** Slices that a gantry tilted by 20 degrees gives; the table moves along z. */
  const tilted = [
    [1, 0, 0],
    [0, Math.cos(0.35), 0],
    [0, Math.sin(0.35), 1],
  ] as const;

  it('is the thin axial CT; every other series is listed with the reason', async () => {
    const dir = await folder();
    await addSeries(dir, '1.2.1', chest(60, 5));
    await addSeries(dir, '1.2.2', chest(240, 1.25));
    await addSeries(dir, '1.2.3', chest(2, 1), scout);
    await addSeries(dir, '1.2.4', chest(300, 1, { direction: coronal }));
    await addSeries(dir, '1.2.5', chest(300, 1), { ImageType: ['DERIVED', 'SECONDARY', 'AXIAL', 'CT_SOM5 MIP'] });
    await addSeries(dir, '1.2.6', chest(300, 1), { ImageType: ['DERIVED', 'PRIMARY', 'AXIAL'] });
    await addSeries(dir, '1.2.7', chest(1, 1), { SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' });
    await addSeries(dir, '1.2.8', chest(100, 1), { Modality: 'PT' });
    await addSeries(dir, '1.2.9', chest(100, 1), { Modality: 'SEG' });
    await addSeries(dir, '1.2.10', chest(60, 0.6));
    await addSeries(dir, '1.2.11', chest(240, 1), { RescaleType: 'US' });
    for (const [uid, Modality] of [
      ['1.2.12', 'SR'],
      ['1.2.13', 'RTSTRUCT'],
    ] as const)
      await add(dir, uid, { ...sliceFields(chest(1, 1), 0), Modality, SeriesInstanceUID: uid, PixelData: undefined });
    const { uids, reasons, scans } = await find(dir);
    expect(uids).toEqual(['1.2.2']);
    expect(scans[0]!.notes).toEqual([]);
    expect(scans[0]!.files).toHaveLength(240);
    expect(reasons).toEqual({
      '1.2.1': '5 mm between slices, the chosen series has 1.25 mm (1.2.2)',
      '1.2.3': 'scout (localizer)',
      '1.2.4': 'not axial (slices are turned by 90 degrees, expected at most 35)',
      '1.2.5': 'reformat or projection (ImageType MIP)',
      '1.2.6': 'computed from other images (ImageType DERIVED) (1.2.2)',
      '1.2.7': 'secondary capture',
      '1.2.8': 'modality PT, expected CT',
      '1.2.9': 'segmentation (SEG)',
      '1.2.10': 'too small for a chest (60 slices of 240 mm x 320 mm over 36 mm) (1.2.2)',
      '1.2.11': 'its values are not Hounsfield units (1.2.2)',
      '1.2.12': 'structured report (SR)',
      '1.2.13': 'structure set (RTSTRUCT)',
    });
  });

  it('is the series named by its UID, whatever the rule would take', async () => {
    const dir = await folder();
    await addSeries(dir, '1.2.1', chest(60, 5));
    await addSeries(dir, '1.2.2', chest(240, 1.25));
    await addSeries(dir, '1.2.3', chest(4, 1), { Modality: 'MR' });
    await addImage(dir, 'a.nii.gz');
    for (const series of ['1.2.1', '1.2.3']) expect((await find(dir, { series })).uids).toEqual([series]);
    expect((await find(dir, { series: '1.2.1' })).reasons['1.2.2']).toBe('another series is chosen');
    await expect(findScans([dir], { series: '1.2.9' })).rejects.toMatchObject({
      code: 'dicom-series',
      message: expect.stringMatching(/found 1\.2\.1 \(60 slices\), 1\.2\.2 .* expected the series 1\.2\.9\./),
    });
  });

  it.each<[string, [Stack, Fields], [Stack, Fields], string]>([
    ['more slices, of the same distance to 0.05 mm', [chest(200, 1.01), {}], [chest(240, 1), {}], '1.2.2'],
    ['the first UID, of two alike', [chest(200, 1), {}], [chest(200, 1), {}], '1.2.1'],
    ['a tilted gantry, as it is axial', [chest(200, 1, { direction: tilted }), {}], [chest(40, 5), {}], '1.2.1'],
    [
      'a missing ImageType, as it is not derived',
      [chest(200, 1), { ImageType: undefined }],
      [chest(40, 5), {}],
      '1.2.1',
    ],
    [
      'a CT without modality, by its class',
      [chest(200, 1), { Modality: undefined }],
      [stack, { Modality: 'MR' }],
      '1.2.1',
    ],
  ])('is %s', async (_what, first, second, chosen) => {
    const dir = await folder();
    await addSeries(dir, '1.2.1', ...first);
    await addSeries(dir, '1.2.2', ...second);
    expect((await find(dir)).uids).toEqual([chosen]);
  });

  it('is a series that reads as a volume before a thinner one that does not', async () => {
    const dir = await folder();
    const thin = chest(240, 1);
    await writeSeries(join(dir, 'gap'), thin, {
      name: (k) => (k === 7 ? null : `${k}`),
      over: () => ({ SeriesInstanceUID: '1.2.1' }),
    });
    await writeSeries(join(dir, 'phases'), thin, {
      over: (k) => ({ SeriesInstanceUID: '1.2.2', ImagePositionPatient: [0, 0, k >> 1] }),
    });
    await writeSeries(join(dir, 'sizes'), thin, {
      over: (k) => ({ SeriesInstanceUID: '1.2.3', ...(k === 3 ? { PixelSpacing: [70, 70] } : {}) }),
    });
    await addSeries(dir, '1.2.4', chest(40, 5));
    const { uids, reasons } = await find(dir);
    expect(uids).toEqual(['1.2.4']);
    expect(reasons['1.2.1']).toMatch(/unevenly spaced, so one may be missing/);
    expect(reasons['1.2.2']).toMatch(/120 positions have several slices, as of several phases/);
    expect(reasons['1.2.3']).toMatch(/^the slices of the series differ in PixelSpacing/);
  });

  it('is a series of which some files are there twice, as the pixels are the same', async () => {
    const dir = await folder();
    for (const copy of ['a', 'b']) await addSeries(dir, '1.2.1', chest(40, 3), {}, copy);
    await addSeries(dir, '1.2.2', chest(40, 5));
    const { scans } = await find(dir);
    const [{ path, series, files }] = scans as [(typeof scans)[0]];
    expect([series, files!.length]).toEqual(['1.2.1', 80]);
    expect((await readVolume(path, { series, files, onNote: () => {} })).shape[0]).toBe(40);
  });

  it('is the only series, even where it is damaged: reading it reports the fault', async () => {
    const dir = await folder();
    await addSeries(dir, '1.2.1', chest(4, 1), { ImagePositionPatient: undefined });
    const { scans } = await find(dir);
    expect(scans.map(({ series }) => series)).toEqual(['1.2.1']);
    const [{ path, series, files }] = scans as [(typeof scans)[0]];
    await expect(readVolume(path, { series, files })).rejects.toMatchObject({ code: 'dicom-tag' });
  });

  it('is a derived or small one where there is no other, with a note', async () => {
    const dir = await folder();
    await addSeries(dir, '1.2.1', chest(4, 1), { ImageType: ['DERIVED', 'PRIMARY', 'AXIAL'] });
    await addSeries(dir, '1.2.2', chest(2, 1), scout);
    const { scans } = await find(dir);
    expect(scans[0]!.notes).toEqual([
      expect.stringMatching(/computed from other images/),
      expect.stringMatching(/no series of the study is large enough for a chest; this one has 4 slices/),
    ]);
  });

  it('is one for each study of a folder, in the order of their paths', async () => {
    const dir = await folder();
    await addSeries(dir, '1.2.9', chest(40, 5), { StudyInstanceUID: '1.5.1' }, 'a/first');
    await addSeries(dir, '1.2.8', chest(240, 1), { StudyInstanceUID: '1.5.1' }, 'a/second');
    await addSeries(dir, '1.2.7', chest(240, 1), { StudyInstanceUID: '1.5.2' }, 'b');
    await addSeries(dir, '1.2.6', chest(240, 1), { StudyInstanceUID: undefined }, 'c');
    await addSeries(dir, '1.2.5', chest(240, 1), { StudyInstanceUID: undefined }, 'd');
    expect((await find(dir)).uids).toEqual(['1.2.8', '1.2.7', '1.2.6', '1.2.5']);
  });

  it('is read from its own files, which may be split over folders and have any name', async () => {
    const dir = await folder();
    const half = (even: number) => (k: number) => (k % 2 === even ? `IM${k}` : null);
    const over = () => ({ SeriesInstanceUID: '1.2.1' });
    await writeSeries(join(dir, 'DIR000'), stack, { name: half(0), over });
    await writeSeries(join(dir, 'DIR001'), stack, { name: half(1), over });
    await addSeries(dir, '1.2.2', stack, scout);
    await writeFile(join(dir, 'DICOMDIR'), dicomBytes({}));
    const { scans } = await find(dir);
    const [{ path, series, files }] = scans as [(typeof scans)[0]];
    expect(files).toHaveLength(5);
    const read = await readVolume(path, { series, files });
    expect([read.uid, read.shape]).toEqual(['1.2.1', [5, 4, 3]]);
  });

  it('has no attribute of the patient in names, reasons and notes', async () => {
    const dir = await folder();
    await addSeries(
      dir,
      '1.2.1',
      chest(4, 1),
      { Modality: patient.PatientName, SOPClassUID: '1.2.3' },
      patient.PatientName,
    );
    await addSeries(dir, '1.2.2', chest(4, 1), { ImageType: ['ORIGINAL', 'PRIMARY', patient.PatientName] });
    await writeFile(join(dir, patient.PatientName, 'broken'), dicomBytes(sliceFields(stack, 0)).subarray(0, 500));
    const { scans, skipped } = await findScans([dir]);
    const shown = JSON.stringify([scans.map(({ files: _, ...scan }) => scan), skipped]);
    expect(shown).toMatch(/modality unknown, expected CT/);
    expect(shown).not.toMatch(/planted|felicitas/i);
  });
});
