import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../dist/data/index.js';
import { readSourceVolume } from '../../../dist/data/sources/source.js';
import { stack, writeSeriesSync } from '../../support/dicomSeries.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const dir = scratchFolderPerTest('lidc-trees');
const put = (name: string, content: string | Buffer = '') => {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), content);
};
const refusal = (path: string, options = {}) =>
  openSource(path, options).then(
    () => 'opened',
    (error) => `${error.code}: ${error.message}`,
  );

const xml = (series: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\r\n<LidcReadMessage xmlns="http://www.nih.gov"><ResponseHeader>` +
  `<SeriesInstanceUid>${series}</SeriesInstanceUid><Site>Zürich</Site></ResponseHeader></LidcReadMessage>`;
const addSeries = (at: string, uid: string) =>
  writeSeriesSync(join(dir, at), stack, { over: () => ({ SeriesInstanceUID: uid }) });

describe('a tree of patients', () => {
  it('may have links to folders of patients and series and to XML, and cycles of links', async () => {
    addSeries('disk/one/study/series', '1.2.4');
    addSeries('disk/series', '1.2.5');
    put('disk/069.xml', xml('1.2.4'));
    put('disk/xml/070.xml', xml('1.2.5'));
    mkdirSync(join(dir, 'lidc/LIDC-IDRI-0002/study'), { recursive: true });
    symlinkSync(join(dir, 'disk/one'), join(dir, 'lidc/LIDC-IDRI-0001'));
    symlinkSync(join(dir, 'disk/series'), join(dir, 'lidc/LIDC-IDRI-0002/study/series'));
    symlinkSync(join(dir, 'lidc'), join(dir, 'lidc/LIDC-IDRI-0002/round'));
    symlinkSync(join(dir, 'lidc/LIDC-IDRI-0002'), join(dir, 'lidc/LIDC-IDRI-0002/again'));
    symlinkSync(join(dir, 'disk/069.xml'), join(dir, 'lidc/LIDC-IDRI-0002/069.xml'));
    symlinkSync(join(dir, 'disk/xml'), join(dir, 'lidc/LIDC-IDRI-0002/xml'));
    symlinkSync(join(dir, 'nowhere'), join(dir, 'lidc/broken'));
    const { kind, scans, notes } = await openSource(join(dir, 'lidc'));
    expect([kind, notes]).toEqual(['lidc', []]);
    expect(scans.map(({ uid, patient, truth }) => [uid, patient, basename(truth.contours!)])).toEqual([
      ['1.2.4', 'LIDC-IDRI-0001', '069.xml'],
      ['1.2.5', 'LIDC-IDRI-0002', '070.xml'],
    ]);
    expect((await readSourceVolume(scans[1]!, () => {})).shape).toEqual(stack.shape);
  });

  it('has the same patients from a folder above and from the folder of one patient', async () => {
    addSeries('manifest-1/LIDC-IDRI/LIDC-IDRI-0004/study/series', '1.2.4');
    addSeries('manifest-1/LIDC-IDRI/LIDC-IDRI-0005/study/series', '1.2.5');
    const patients = async (at: string) => (await openSource(join(dir, at))).scans.map(({ patient }) => patient);
    const both = ['LIDC-IDRI-0004', 'LIDC-IDRI-0005'];
    for (const at of ['manifest-1/LIDC-IDRI', 'manifest-1', '.']) expect(await patients(at)).toEqual(both);
    expect(await patients('manifest-1/LIDC-IDRI/LIDC-IDRI-0005')).toEqual(['LIDC-IDRI-0005']);
    const series = join(dir, 'manifest-1/LIDC-IDRI/LIDC-IDRI-0005/study/series');
    expect(await refusal(series)).toMatch(/^lidc-files: .*has DICOM files itself: give the folder above/);
  });

  it('may have files without extension, folders with spaces and other letters, and files of the system', async () => {
    writeSeriesSync(join(dir, 'Müller Änne 1950/Étude 1'), stack, { name: (k) => `IM${k}` });
    put('__MACOSX/Müller Änne 1950/._IM0.dcm', 'x');
    put('Müller Änne 1950/.DS_Store', 'x');
    put('Thumbs.db', 'x');
    const { kind, scans } = await openSource(dir);
    expect([kind, scans.length, scans[0]!.patient]).toEqual(['lidc', 1, expect.stringMatching(/^patient-/)]);
  });

  it.each([
    ['UTF-8 with a byte-order mark', Buffer.from(`\ufeff${xml('1.2.4')}`)],
    ['UTF-16', Buffer.from(`\ufeff${xml('1.2.4')}`, 'utf16le')],
    ['UTF-16 of the other order', Buffer.from(`\ufeff${xml('1.2.4')}`, 'utf16le').swap16()],
    ['Latin-1', Buffer.from(xml('1.2.4'), 'latin1')],
  ])('has the outlines of XML in %s, and never those of hidden files', async (_what, bytes) => {
    addSeries('LIDC-IDRI-0004/series', '1.2.4');
    put('LIDC-IDRI-0004/069.XML', bytes);
    put('LIDC-IDRI-0004/._070.xml', xml('1.2.9'));
    const { scans, notes } = await openSource(dir);
    expect([scans[0]!.truth.contours, notes]).toEqual([join(dir, 'LIDC-IDRI-0004/069.XML'), []]);
  });

  it('reports scans without outlines, and refuses given outlines that are all of other scans', async () => {
    addSeries('data/LIDC-IDRI-0004/series', '1.2.4');
    addSeries('data/LIDC-IDRI-0005/series', '1.2.5');
    put('data/LIDC-IDRI-0004/069.xml', xml('1.2.4'));
    const found = "scans have no readers' outlines among the XML files of 1 series";
    expect((await openSource(join(dir, 'data'))).notes).toEqual([`1 of 2 ${found}.`]);
    put('xml/070.xml', xml('1.2.9'));
    const options = { contours: join(dir, 'xml') };
    expect(await refusal(join(dir, 'data'), options)).toMatch(/^labels-lost: .*2 of 2 scans have no readers' outlines/);
    expect((await openSource(join(dir, 'data'), { ...options, allowLostLabels: true })).notes).toEqual([
      `2 of 2 ${found}.`,
    ]);
  });
});
