import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawFolds, openSource } from '../../../dist/data/index.js';
import { readSourceVolume } from '../../../dist/data/sources/source.js';
import { scout, scratch, shifted, stack, writeSeries } from '../../support/dicomSeries.js';
import { sharedData } from '../../support/shared.js';

/** A tree PATIENT/STUDY/SERIES, with a list beside the patients and XML between the slices. */
async function tree(name: string): Promise<string> {
  const dir = join(scratch(), name);
  const put = (folder: string, uid: string, over = {}) =>
    writeSeries(join(dir, folder), stack, { over: () => ({ SeriesInstanceUID: uid, ...over }) });
  await put('LIDC-IDRI-0004/study/series', '1.2.4');
  await put('LIDC-IDRI-0004/study/chest', '1.2.5', { Modality: 'DX' });
  await put('Doe^John 1950/study/series', '1.2.6');
  await put('Doe^John 1950/study/scout', '1.2.7', scout);
  await writeFile(join(dir, 'LIDC-IDRI-0004/study/series/069.xml'), '<other/>');
  await mkdir(join(dir, 'empty'));
  await writeFile(join(dir, 'list.csv'), '');
  return dir;
}

describe('a tree of patients, studies and series', () => {
  it('gives each CT series with its patient, without disclosing the name', async () => {
    const source = await openSource(await tree('named'));
    expect([source.kind, source.scans.map(({ uid }) => uid)]).toEqual(['lidc', ['1.2.6', '1.2.4']]);
    const [other, known] = source.scans;
    expect(known!.patient).toBe('LIDC-IDRI-0004');
    expect(other!.patient).toMatch(/^patient-[0-9a-f]{16}$/);
    expect(source.notes).toEqual(['Skipped 2 series that are not CT scans.']);
    expect(await known!.files()).toHaveLength(stack.shape[0]!);
  });

  it('gives the voxels of the series, in order', async () => {
    const { scans } = await openSource(await tree('read'));
    const volume = await readSourceVolume(scans[1]!);
    expect([volume.uid, volume.intensity, ...volume.voxels.slice(0, 5)]).toEqual([
      '1.2.4',
      'hu',
      ...shifted.slice(0, 5),
    ]);
    expect(drawFolds(scans, 2).unit).toBe('patient');
  });

  it('without a CT series is refused', async () => {
    const dir = join(scratch(), 'radiographs');
    await writeSeries(join(dir, 'LIDC-IDRI-0001/s'), stack, {
      name: (k) => `${k}.dcm`,
      over: () => ({ Modality: 'DX' }),
    });
    await expect(openSource(dir)).rejects.toMatchObject({
      code: 'lidc-files',
      message: expect.stringMatching(/found no CT series in its folders, expected a folder for each patient/),
    });
  });

  const dicom = sharedData('dicom');
  it.skipIf(dicom === null)('finds the real LIDC-IDRI-0001 (skipped without ../shared/data)', async () => {
    const { scans } = await openSource(dicom as string);
    const scan = scans.find(({ patient }) => patient === 'LIDC-IDRI-0001')!;
    expect(scan.uid).toBe('1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192');
    expect(await scan.files()).toHaveLength(133);
    expect(scan.truth.contours).toBe(join(dicom as string, 'LIDC-IDRI-0001', '069.xml'));
  });
});
