import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAnnotations } from '../../../dist/labels/index.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('tables');
let files = 0;
const read = async (content: string | Buffer) => {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, content);
  const notes: string[] = [];
  const annotations = await readAnnotations(path, { onNote: (note) => notes.push(note.replace(`${path}: `, '')) });
  return { annotations, notes };
};
const TEXT = 'seriesuid,coordX,coordY,coordZ,diameter_mm\n1.2.3,-1.5,2,30,6.25\n1.2.4,0,1,2,\n';
const EXPECTED = [
  { uid: '1.2.3', center: [-1.5, 2, 30], diameterMm: 6.25, line: 2 },
  { uid: '1.2.4', center: [0, 1, 2], diameterMm: null, line: 3 },
];
const swap = (text: string) => {
  const bytes = Buffer.from(text, 'utf16le');
  return bytes.swap16();
};

describe('a list of annotations', () => {
  it.each([
    ['UTF-8 with a byte-order mark', `\ufeff${TEXT}`],
    ['UTF-16LE with a byte-order mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['UTF-16BE with a byte-order mark', swap(`\ufeff${TEXT}`)],
    ['UTF-16LE without one', Buffer.from(TEXT, 'utf16le')],
    ['UTF-16BE without one', swap(TEXT)],
    ['semicolons', TEXT.replaceAll(',', ';')],
    ['semicolons and decimal commas', TEXT.replaceAll(',', ';').replaceAll('.5', ',5').replace('6.25', '6,25')],
    ['tabs and decimal commas', TEXT.replaceAll(',', '\t').replaceAll('.5', ',5').replace('6.25', '6,25')],
    ['Windows lines', TEXT.replaceAll('\n', '\r\n')],
    ['old Mac lines', TEXT.replaceAll('\n', '\r')],
    ['quoted fields', TEXT.replaceAll(/[^,\n]+/g, '"$&"')],
    ['separators of empty columns', TEXT.replaceAll('\n', ',,\n')],
    ['empty rows of a spreadsheet', `${TEXT},,,,\n\n,,,,\n`],
    ['spaces around fields and names', TEXT.replaceAll(',', ' , ')],
    [
      'another case and spelling of names',
      TEXT.replace('seriesuid,coordX', 'SeriesUID,COORDX').replace('er_mm', 'er (mm)'),
    ],
  ])('may have %s', async (_what, content) => {
    expect(await read(content)).toEqual({ annotations: EXPECTED, notes: [] });
  });

  it('may begin with the line with which Excel names the separator', async () => {
    const { annotations } = await read(`sep=;\n${TEXT.replaceAll(',', ';')}`);
    expect(annotations).toEqual(EXPECTED.map((one) => ({ ...one, line: one.line + 1 })));
  });

  it('may have a text in Windows-1252, with a note', async () => {
    const { annotations, notes } = await read(Buffer.from(TEXT.replace(/\n/g, ',Größe\n'), 'latin1'));
    expect(annotations).toEqual(EXPECTED);
    expect(notes).toEqual(['The file is not UTF-8; its text was read as Windows-1252.']);
  });

  it.each([
    ['diameter', 'diameter_mm'],
    ['diam_mm', 'diameter_mm'],
    ['longest_diameter', 'diameter_mm'],
  ])('may call the diameter %s, with a note', async (name) => {
    const { annotations, notes } = await read(TEXT.replace('diameter_mm', name));
    expect(annotations).toEqual(EXPECTED);
    expect(notes).toEqual([`The column "${name}" was read as diameter_mm.`]);
  });

  it('may use the names of DICOM and world coordinates, with notes', async () => {
    const { annotations, notes } = await read(
      TEXT.replace('seriesuid,coordX,coordY,coordZ', 'SeriesInstanceUID,world_x,world_y,world_z'),
    );
    expect(annotations).toEqual(EXPECTED);
    expect(notes).toHaveLength(4);
  });

  it('reads no diameter if two columns may be it, with a note', async () => {
    const { annotations, notes } = await read('seriesuid,coordX,coordY,coordZ,diameter,size_mm\n1.2.3,0,0,0,5,6\n');
    expect(annotations[0]).toMatchObject({ diameterMm: null });
    expect(notes).toEqual(['The columns "diameter" and "size_mm" may both be diameter_mm; none was read.']);
  });

  it('asks about diameters that are too small for mm', async () => {
    expect((await read(TEXT.replace('6.25', '0.6'))).notes).toEqual([
      'half of the diameters are at most 0.6 mm, and nodules measure 3 mm and more. Are they in centimetres, or radii? ' +
        'Convert them to diameters in mm.',
    ]);
  });

  it.each([
    ['0x10', 'hexadecimal'],
    ['Infinity', 'infinite'],
    ['NaN', 'not a number'],
    ['1_000', 'with a separator'],
    ['1.234.5', 'with two points'],
  ])('refuses the coordinate %s (%s)', async (field) => {
    await expect(read(TEXT.replace('-1.5', field))).rejects.toMatchObject({
      code: 'annotations-line',
      message: expect.stringContaining(`line 2: coordX is "${field}", expected a number`),
    });
  });

  it('refuses thousands separators between decimal commas, and decimal commas between commas', async () => {
    await expect(read(TEXT.replaceAll(',', ';').replace('-1.5', '1.234,5'))).rejects.toThrow('coordX is "1.234,5"');
    await expect(read(TEXT.replace('-1.5', '-1,5'))).rejects.toThrow(
      'line 2: found 6 fields, expected 5 fields separated by commas',
    );
  });

  it('says which columns may be meant by missing ones', async () => {
    await expect(read('seriesuid,voxel_x,voxel_y,voxel_z\n1,2,3,4\n')).rejects.toThrow(
      /without coordX, coordY, coordZ \("voxel_x" does not say that it holds LPS mm of the patient.*\), expected LUNA16's/,
    );
  });
});
