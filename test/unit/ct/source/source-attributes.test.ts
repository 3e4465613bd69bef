import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../../dist/ct/dicom/source/decodeText.js';
import { readSourceAttributes } from '../../../../dist/ct/dicom/source/readSourceAttributes.js';
import { resultSeriesNumber } from '../../../../dist/ct/dicom/source/resultSeriesNumber.js';
import { readVolume } from '../../../../dist/ct/index.js';
import { dataSetBytes, deflated, type Fields, itemsBytes, patient } from '../../../support/dicomBytes.mjs';
import { add, oblique, scout, series, stack } from '../../../support/dicomSeries.js';
import { enhancedFields } from '../../../support/enhancedCt.js';

/** Attributes of `series()` with some overridden. */
const sourceOf = async (over: Fields, syntax?: string) =>
  readSourceAttributes(await series({ over: () => over, ...(syntax === undefined ? {} : { syntax }) }));
const code = (value: string): Buffer =>
  dataSetBytes({ '(0008,0100) SH': value, '(0008,0102) SH': 'DCM', '(0008,0104) LO': 'a meaning' });

describe('source attributes', () => {
  it('are copied for the object alone', async () => {
    const source = await sourceOf({ '(0018,0015) CS': 'CHEST', '(0020,0011) IS': '7', '(0010,1010) AS': '058Y' });
    expect(source.patient).toMatchObject({
      PatientName: patient.PatientName,
      PatientID: patient.PatientID,
      PatientBirthDate: patient.PatientBirthDate,
      PatientSex: '',
      PatientAge: '058Y',
    });
    expect(source.study).toMatchObject({ StudyInstanceUID: '1.2.3', StudyDate: '20000101', StudyID: '' });
    expect(source.series.BodyPartExamined).toBe('CHEST');
    expect(source).toMatchObject({ seriesUid: '1.2.3.4', seriesNumber: 7, studyUid: '1.2.3', modality: 'CT' });
    // Neither the institution nor a description of the series is copied.
    expect(JSON.stringify(source)).not.toMatch(/Planted General|chest of/);
  });

  it('list the slices in the order of the volume, without localizers and copies', async () => {
    const turned = { ...stack, direction: oblique };
    const dir = await series({ over: (k) => (k === 0 ? scout : {}) }, turned);
    const [volume, source] = [await readVolume(dir, { onNote: () => {} }), await readSourceAttributes(dir)];
    expect(source.slices.map(({ instance }) => instance)).toEqual(volume.sliceUids);
    expect(source.slices).toHaveLength(4);
    expect(source.grid).toEqual({
      shape: volume.shape,
      spacing: volume.spacing,
      origin: volume.origin,
      direction: volume.direction,
    });
    expect(source.slices[1]!.sopClass).toBe('1.2.840.10008.5.1.4.1.1.2');
    expect(source.slices[1]!.frame).toBeNull();
  });

  it('number the frames of an Enhanced CT from 1, in the order of the volume', async () => {
    const dir = await series({ name: () => null });
    await add(dir, 'enhanced.dcm', enhancedFields(stack, { order: [3, 1, 0, 4, 2] }));
    const { slices } = await readSourceAttributes(dir);
    expect(slices.map(({ frame }) => frame)).toEqual([3, 2, 5, 1, 4]);
    expect(new Set(slices.map(({ sopClass }) => sopClass))).toEqual(new Set(['1.2.840.10008.5.1.4.1.1.2.1']));
  });

  it('are valid and noted where the scan lacks them', async () => {
    const source = await sourceOf({
      StudyInstanceUID: undefined,
      FrameOfReferenceUID: undefined,
      SliceThickness: undefined,
      AccessionNumber: undefined,
      PatientName: undefined,
    });
    expect(source.studyUid).toMatch(/^2\.25\.\d+$/);
    expect(source.frameOfReference.FrameOfReferenceUID).toMatch(/^2\.25\.\d+$/);
    expect(source.frameOfReference.FrameOfReferenceUID).not.toBe(source.studyUid);
    expect(source.patient.PatientName).toBe('');
    expect(source.slices[0]!.thickness).toBeNull();
    const notes = source.notes.join('\n');
    expect(notes).toMatch(/the scan lacks PatientName; PatientSex; StudyTime; AccessionNumber; StudyID/);
    expect(notes).toMatch(/no valid StudyInstanceUID/);
    expect(notes).toMatch(/no valid FrameOfReferenceUID/);
    expect(notes).toMatch(/no SliceThickness/);
  });

  it('leave out what is invalid, and cut descriptions only', async () => {
    const secret = 'PLANTED'.repeat(12);
    const source = await sourceOf({
      '(0010,1010) AS': '45',
      '(0010,0040) CS': 'female',
      PatientID: secret,
      '(0008,1030) LO': secret,
      PatientBirthDate: '1931-02-07',
      StudyDate: '1999.12.31',
      '(0008,0030) TM': '23:59:59',
      '(0018,0015) CS': 'a body part far longer than sixteen letters',
      '(0009,0010) LO': 'ACME 1.1',
      '(0009,1001) CS': 'PRIVATE TEXT OF MORE THAN SIXTEEN LETTERS',
      '(0009,1002) SQ': itemsBytes([dataSetBytes({ PatientName: 'Planted^Private' })]),
    });
    expect(source.patient).toMatchObject({ PatientID: '', PatientSex: '', PatientBirthDate: '' });
    expect(source.patient.PatientAge).toBeUndefined();
    expect(source.study.StudyDescription).toBe(secret.slice(0, 64));
    expect(source.study).toMatchObject({ StudyDate: '19991231', StudyTime: '235959' });
    expect(source.series.BodyPartExamined).toBeUndefined();
    const notes = source.notes.join('\n');
    expect(notes).toMatch(/PatientAge has another form, expected three digits/);
    expect(notes).toMatch(/PatientSex is not one of M, F, O/);
    expect(notes).toMatch(/PatientID has 84 characters, expected at most 64/);
    expect(notes).toMatch(/too long in the scan: StudyDescription/);
    expect(notes).not.toMatch(/PLANTED|Planted|female|1931|45/);
  });

  it('replace an anonymised SOP class, and do without instances that cannot be referenced', async () => {
    const source = await sourceOf({ SOPClassUID: '2.25.12345', SOPInstanceUID: undefined });
    expect(source.slices[0]).toMatchObject({ sopClass: '1.2.840.10008.5.1.4.1.1.2', instance: null });
    expect(source.notes.join()).toMatch(/SOPClassUID of slices is missing or anonymised.*no valid SOPInstanceUID/s);
  });

  it('keep the statement that the identity was removed only with its method', async () => {
    const removed = { '(0012,0062) CS': 'YES' };
    const codes = itemsBytes([code('113100'), code('MORE THAN SIXTEEN LETTERS')]);
    expect((await sourceOf(removed)).patient.PatientIdentityRemoved).toBeUndefined();
    const { patient: kept } = await sourceOf({ ...removed, '(0012,0064) SQ': codes });
    expect(kept.PatientIdentityRemoved).toBe('YES');
    expect(kept.DeidentificationMethodCodeSequence).toEqual([
      { CodeValue: '113100', CodingSchemeDesignator: 'DCM', CodeMeaning: 'a meaning' },
    ]);
    const several = await sourceOf({ ...removed, '(0012,0063) LO': 'first\\second' });
    expect(several.patient.DeidentificationMethod).toEqual(['first', 'second']);
  });

  it('are read from a deflated file', async () => {
    expect((await sourceOf({}, deflated)).patient.PatientID).toBe(patient.PatientID);
  });

  it('show no patient attribute in an error', async () => {
    const dir = await series({ over: (k) => (k === 2 ? { PixelSpacing: 'Planted^Felicitas' } : {}) });
    const error = await readSourceAttributes(dir).catch((cause: Error) => cause);
    expect(String(error)).toMatch(/PixelSpacing/);
    expect(String(error)).not.toMatch(/Planted|PLANTED/);
  });
});

describe('text of a scan', () => {
  const decode = (hex: string, ...terms: string[]) => decodeText(Buffer.from(hex, 'hex'), terms);
  it('is decoded by its SpecificCharacterSet (the examples of PS3.5 annexes H, I, J and K)', () => {
    // Yamada^Tarou in JIS X 0201, JIS X 0208.
    const yamada = '59616d6164615e5461726f753d1b24423b3345441b28425e1b244242404f3a1b2842';
    expect(decode(yamada, '', 'ISO 2022 IR 87').text).toBe('Yamada^Tarou=山田^太郎');
    const kim = '48 6f 6e 67 5e 47 69 6c 64 6f 6e 67 3d 1b 24 29 43 fb f3 5e 1b 24 29 43 d1 ce d4 d7';
    expect(decode(kim.replaceAll(' ', ''), '', 'ISO 2022 IR 149').text).toBe('Hong^Gildong=洪^吉洞');
    const buc = Buffer.from('Buc^J\u00e9r\u00f4me', 'latin1').toString('hex');
    expect(decode(buc, 'ISO_IR 100')).toEqual({ text: 'Buc^Jérôme', guessed: false });
    expect(decode('57616e675e5869616f446f6e673dcdf55ed0a1b6ab', 'GB18030').text).toBe('Wang^XiaoDong=王^小东');
    expect(decode(Buffer.from('王^小東').toString('hex'), 'ISO_IR 192').text).toBe('王^小東');
    expect(decode(Buffer.from('plain').toString('hex'), 'NO SUCH SET')).toEqual({ text: 'plain', guessed: false });
  });

  it('is guessed where no character set covers it', () => {
    expect(decode(Buffer.from('Müller').toString('hex'))).toEqual({ text: 'Müller', guessed: true });
    expect(decode(Buffer.from('Müller', 'latin1').toString('hex'))).toEqual({ text: 'Müller', guessed: true });
    expect(decode('1b24423b33', 'ISO_IR 6').guessed).toBe(true);
    expect(decode('ff1b', 'ISO_IR 192').guessed).toBe(true);
  });
});

it('gives results a series number that is not that of the scan', () => {
  for (const scan of [null, 0, 1, 91, -5, 3_000_566, 2 ** 31 - 1]) {
    const numbers = (['binary', 'labelmap', 'sr'] as const).map((kind) => resultSeriesNumber(scan, kind));
    expect(new Set([scan, ...numbers]).size).toBe(4);
    for (const number of numbers) expect(number).toBeLessThan(2 ** 31);
  }
});
