import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import dicomParser from 'dicom-parser';
import { describe, expect, it } from 'vitest';
import { type DataSet, writtenAttributes } from '../../../../dist/ct/dicom/write/attributes.js';
import { decimalString } from '../../../../dist/ct/dicom/write/decimalString.js';
import { derivedUid } from '../../../../dist/ct/dicom/write/derivedUid.js';
import { faultInText } from '../../../../dist/ct/dicom/write/faultInText.js';
import { encodeDicomFile, writeDicomFile } from '../../../../dist/ct/dicom/write/writeDicomFile.js';
import { pythonInterpreter } from '../../../support/python.js';
import { scratchFolder } from '../../../support/scratch.js';

const python = pythonInterpreter();
const folder = scratchFolder('dicom-write');
const base: DataSet = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.7', SOPInstanceUID: derivedUid('a test') };
const bytesOf = (dataSet: DataSet): Buffer => Buffer.concat(encodeDicomFile({ ...base, ...dataSet }));
const faultOf = (dataSet: DataSet): string => {
  try {
    bytesOf(dataSet);
    return 'no fault';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a DICOM file', () => {
  it('is read back by dicom-parser with every value, in the order of the tags', () => {
    const parsed = dicomParser.parseDicom(
      bytesOf({
        PixelData: Uint8Array.of(1, 2, 3),
        Rows: 3,
        PatientName: 'A^B',
        ImagePositionPatient: [-1.5, 0, 1 / 3],
        SegmentSequence: [{ SegmentNumber: 1, SegmentLabel: 'one' }, {}, { SegmentNumber: 65535 }],
        DimensionIndexSequence: [{ DimensionIndexPointer: 'ImagePositionPatient' }],
        GraphicData: [0.5, -2],
        StudyID: '',
        BitsAllocated: 8,
      }),
    );
    const tags = Object.keys(parsed.elements).filter((tag) => !tag.startsWith('x0002'));
    expect(tags).toEqual([...tags].sort());
    expect(parsed.string('x00100010')).toBe('A^B');
    expect([0, 1, 2].map((k) => parsed.floatString('x00200032', k))).toEqual([-1.5, 0, 0.33333333333333]);
    expect(parsed.elements.x00200010!.length).toBe(0);
    const items = parsed.elements.x00620002!.items!.map(({ dataSet }) => dataSet!);
    expect(items.map((item) => item.uint16('x00620004'))).toEqual([1, undefined, 65535]);
    expect(parsed.elements.x00209222!.items![0]!.dataSet!.attributeTag('x00209165')).toBe('x00200032');
    expect(parsed.float('x00700022', 1)).toBe(-2);
    // An odd length is padded, and 8 bits are bytes, not words.
    expect(parsed.elements.x7fe00010).toMatchObject({ vr: 'OB', length: 4 });
    expect(parsed.elements.x00080005).toBeUndefined();
  });

  it('is written in a few large pieces, without copying pixels', () => {
    const PixelData = new Uint8Array(3 << 20).fill(7);
    const SegmentSequence = Array.from({ length: 20_000 }, (_, k) => ({ SegmentNumber: k, SegmentLabel: `${k}` }));
    const pieces = encodeDicomFile({ ...base, BitsAllocated: 8, SegmentSequence, PixelData });
    expect(pieces.length).toBeLessThan(6);
    expect(pieces.includes(PixelData)).toBe(true);
    const parsed = dicomParser.parseDicom(Buffer.concat(pieces));
    const last = parsed.elements.x00620002!.items!.at(-1)!.dataSet!;
    expect([last.uint16('x00620004'), last.string('x00620005')]).toEqual([19_999, '19999']);
    expect(parsed.elements.x7fe00010!.length).toBe(PixelData.length);
  });

  it('states the length of its file header', () => {
    const bytes = bytesOf({});
    const length = bytes.readUInt32LE(140);
    expect(bytes.toString('latin1', 128, 132)).toBe('DICM');
    // The first element after the header is of group 0008.
    expect(bytes.readUInt16LE(144 + length)).toBe(8);
  });

  it('names UTF-8 where a text is not ASCII, also deep in a sequence', () => {
    const parsed = dicomParser.parseDicom(bytesOf({ SegmentSequence: [{ SegmentLabel: 'Rundherd ä' }] }));
    expect(parsed.string('x00080005')).toBe('ISO_IR 192');
  });

  it('is refused where a value violates its VR, without showing it', () => {
    const secret = 'PLANTED'.repeat(10);
    expect(faultOf({ PatientID: secret })).toBe(
      'writing a DICOM object: PatientID (0010,0020) has 70 characters, expected at most 64',
    );
    expect(faultOf({ BodyPartExamined: 'chest' })).toMatch(/BodyPartExamined .* has another form/);
    expect(faultOf({ PatientAge: '45' })).toMatch(/PatientAge .* has another form/);
    expect(faultOf({ StudyDate: '20001301' })).toMatch(/StudyDate/);
    expect(faultOf({ StudyInstanceUID: '1..3' })).toMatch(/StudyInstanceUID/);
    expect(faultOf({ PatientID: 'a\\b' })).toMatch(/PatientID .* backslashes/);
    expect(faultOf({ PatientID: 'a\u0000b' })).toMatch(/PatientID .* control/);
    expect(faultOf({ Rows: 65_536 })).toMatch(/Rows .* is 65536/);
    expect(faultOf({ Rows: 1.5 })).toMatch(/Rows .* is 1.5/);
    expect(faultOf({ NumberOfFrames: 0.5 })).toMatch(/NumberOfFrames .* whole/);
    expect(faultOf({ NumberOfFrames: 2 ** 31 })).toMatch(/NumberOfFrames .* 32 bits/);
    expect(faultOf({ PixelSpacing: [Number.NaN, 1] })).toMatch(/NaN/);
    expect(faultOf({ GraphicData: [1e39] })).toMatch(/GraphicData/);
    expect(faultOf({ GraphicData: new Array(16_384).fill(0) })).toMatch(/GraphicData .* has 65536 bytes/);
    expect(faultOf({ SOPInstanceUID: '' })).toMatch(/no SOPInstanceUID/);
    expect(faultOf({})).toBe('no fault');
  });

  it('is written whole or not at all', async () => {
    const path = join(folder, 'whole.dcm');
    await writeFile(path, 'before');
    await expect(writeDicomFile(path, { ...base, PatientAge: '45' })).rejects.toMatchObject({ code: 'dicom-write' });
    expect(await readFile(path, 'utf8')).toBe('before');
    await writeDicomFile(path, base);
    expect((await readFile(path)).toString('latin1', 128, 132)).toBe('DICM');
    expect((await readdir(folder)).filter((name) => name !== 'whole.dcm')).toEqual([]);
  });

  it.skipIf(python === null)('uses the tags and VRs that pydicom has, and is read by it', async () => {
    const path = join(folder, 'pydicom.dcm');
    const name = 'Müller^Jürgen=山田^太郎';
    await writeDicomFile(path, { ...base, PatientName: name, SegmentSequence: [{ SegmentLabel: 'ß' }], StudyID: '' });
    const output = execFileSync(python!, ['-c', script, path, JSON.stringify(writtenAttributes)], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual({ wrong: [], name, label: 'ß', id: '' });
  });
});

const script = `
import json, sys
import pydicom
from pydicom.datadict import keyword_dict, dictionary_VR
table = json.loads(sys.argv[2])
wrong = [k for k, (t, vr) in table.items() if keyword_dict.get(k) != int(t, 16) or vr not in dictionary_VR(int(t, 16))]
ds = pydicom.dcmread(sys.argv[1])
label = ds.SegmentSequence[0].SegmentLabel
print(json.dumps({"wrong": wrong, "name": str(ds.PatientName), "label": label, "id": ds.StudyID}))
`;

describe('a DS', () => {
  it('holds a number in 16 characters, off by no more than they force', () => {
    for (const value of [0, -0, 1, -171.699997, 0.7421875, 1e300, -1e-300, 2 ** 53, 5e-324, -1.7976931348623157e308]) {
      const text = decimalString(value);
      expect(faultInText('DS', text)).toBeNull();
      if (String(value).length <= 16) expect(Number(text) === value).toBe(true);
      else expect(Math.abs(Number(text) / value - 1)).toBeLessThan(1e-8);
    }
    // A small number has more digits with an exponent than after zeros.
    expect(decimalString(-1 / 30_000)).toBe('-3.3333333333e-5');
    expect(decimalString(-1 / 3)).toBe('-0.3333333333333');
    expect(() => decimalString(Number.POSITIVE_INFINITY)).toThrow(/Infinity/);
  });

  it('is as near as 16 characters can be, for any number', () => {
    for (let k = 1; k < 2000; k++) {
      const value = Math.sin(k) * 10 ** ((k % 13) - 6);
      const text = decimalString(value);
      expect(text.length).toBeLessThanOrEqual(16);
      expect(Math.abs(Number(text) / value - 1)).toBeLessThan(1e-9);
    }
  });
});

describe('a derived UID', () => {
  it('is the same for the same parts only, and a UUID in decimal', () => {
    expect(derivedUid('a', 'b')).toBe(derivedUid('a', 'b'));
    const uids = [derivedUid('a', 'b'), derivedUid('ab'), derivedUid('a', 'b', ''), derivedUid('b', 'a'), derivedUid()];
    expect(new Set(uids).size).toBe(uids.length);
    for (const uid of uids) {
      expect(faultInText('UI', uid)).toBeNull();
      const hex = BigInt(uid.slice(5)).toString(16).padStart(32, '0');
      expect(hex[12]).toBe('8');
      expect('89ab').toContain(hex[16]);
    }
  });
});
