import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readVolume } from '../../../../dist/ct/index.js';
import { scratchFolder } from '../../../support/scratch.js';

const folder = scratchFolder('meta-image-keys');
const ramp = Buffer.from(Int16Array.from({ length: 24 }, (_, k) => k * 10 - 100).buffer);
let made = 0;

const usual = [
  'ObjectType = Image',
  'NDims = 3',
  'DimSize = 4 3 2',
  'ElementType = MET_SHORT',
  'Modality = MET_MOD_CT',
];

const write = async (header: string[] | string, data: Uint8Array = ramp, name = `a${made++}.mha`): Promise<string> => {
  const text = typeof header === 'string' ? header : [...usual, ...header, 'ElementDataFile = LOCAL', ''].join('\n');
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([Buffer.from(text, 'utf8'), data]));
  return path;
};
const read = async (header: string[] | string, data?: Uint8Array) => {
  const notes: string[] = [];
  const path = await write(header, data);
  const volume = await readVolume(path, { onNote: (text) => notes.push(text.slice(path.length + 2)) });
  return { volume, notes };
};
const refusal = async (path: string): Promise<string> =>
  readVolume(path, { onNote: () => {} }).then(
    () => expect.unreachable('it was read'),
    ({ code, message }) => `${code}: ${message}`,
  );

describe('a header of MetaImage', () => {
  it.each([
    ['an index in brackets', 'dim[0] = 3'],
    ['a name of NRRD', 'NRRD_kinds[0] = domain'],
    ['a tag of DICOM', '0010|0010 = Doe^John'],
    ['spaces in the name', 'NRRD_measurement frame[0] = 1 0 0'],
    ['a colon in the name', 'a:b = c'],
    ['equals signs in the value', 'note = a = b'],
    ['no value', 'ITK_FileNotes ='],
    ['other letters', 'ünï = ø'],
    ['a value of 200 kB', `long = ${'v'.repeat(200_000)}`],
    ['a colon instead of an equals sign', 'Comment: x'],
  ])('may have a field with %s', async (_, line) => {
    const { volume, notes } = await read(['Offset = 1 2 3', line]);
    expect([volume.origin, volume.voxels[3], notes]).toEqual([[1, 2, 3], -70, []]);
  });

  it('may have a value with line breaks, with a note', async () => {
    const { volume, notes } = await read(['text = first', 'second line', 'Offset = 1 2 3']);
    expect(volume.origin).toEqual([1, 2, 3]);
    expect(notes).toEqual(['skipping 1 lines of its header that are not "Field = value"']);
  });

  it('may end its lines as Windows does, begin with a byte order mark, and have spaces around', async () => {
    const lines = [...usual, '  Offset =  1 2  3  ', 'ElementDataFile = LOCAL  ', ''];
    const { volume, notes } = await read(`\uFEFF${lines.join('\r\n')}`);
    expect([volume.origin, volume.voxels[23], notes]).toEqual([[1, 2, 3], 130, []]);
  });

  it('is refused if its first line is not a field', async () => {
    expect(await refusal(await write('dim[0] = 3\nNDims = 3\n'))).toMatch(/line 1 .* not a MetaImage file/);
  });

  it('takes Origin before Offset before Position, as ITK does, and notes contradictions', async () => {
    const both = await read(['Offset = 1 2 3', 'Origin = 4 5 6']);
    expect(both.volume.origin).toEqual([4, 5, 6]);
    expect(both.notes).toEqual([
      'its fields Origin (4 5 6) and Offset (1 2 3) contradict each other; Origin is used, as ITK does',
    ]);
    const others = await read(['Position = 7 8 9', 'Offset = 1 2 3']);
    expect(others.volume.origin).toEqual([1, 2, 3]);
    expect(others.notes.join()).toMatch(/Offset is used/);
    expect((await read(['Position = 1 2 3', 'Offset = 1.000001 2 3.0'])).notes).toEqual([]);
    expect((await read(['Position = 7 8 9'])).volume.origin).toEqual([7, 8, 9]);
  });

  it('takes TransformMatrix before Rotation before Orientation, and notes contradictions', async () => {
    const { volume, notes } = await read(['Rotation = 0 1 0 1 0 0 0 0 1', 'TransformMatrix = 1 0 0 0 1 0 0 0 1']);
    expect(volume.direction[0]).toEqual([1, 0, 0]);
    expect(notes.join()).toMatch(/TransformMatrix .* and Rotation .* contradict each other; TransformMatrix is used/);
    const { volume: turned } = await read(['Orientation = 0 1 0 1 0 0 0 0 1']);
    expect(turned.direction[0]).toEqual([0, 1, 0]);
  });

  it('has its distances from ElementSpacing, and from ElementSize only without it', async () => {
    const both = await read(['ElementSize = 2 2 2', 'ElementSpacing = 3 3 3']);
    expect([both.volume.spacing, both.notes]).toEqual([[3, 3, 3], []]);
    expect((await read(['ElementSize = 2 2 2'])).volume.spacing).toEqual([2, 2, 2]);
  });

  it('notes an AnatomicalOrientation that contradicts its axes, and a centre of rotation', async () => {
    const matrix = 'TransformMatrix = -1 0 0 0 -1 0 0 0 1';
    expect((await read([matrix, 'AnatomicalOrientation = LPI'])).notes).toEqual([]);
    expect((await read([matrix, 'AnatomicalOrientation = RAI'])).notes.join()).toMatch(
      /AnatomicalOrientation is RAI, but its axes \(TransformMatrix\) are LPI; these are used/,
    );
    expect((await read(['AnatomicalOrientation = ???'])).notes).toEqual([]);
    expect((await read(['CenterOfRotation = 0 0 0'])).notes).toEqual([]);
    expect((await read(['CenterOfRotation = 0 0 5'])).notes.join()).toMatch(/CenterOfRotation .* is ignored/);
  });

  it('notes a field that is given twice', async () => {
    const { volume, notes } = await read(['Offset = 1 2 3', 'Offset = 4 5 6', 'x = 1', 'x = 2']);
    expect(volume.origin).toEqual([4, 5, 6]);
    expect(notes).toEqual(['its field Offset is given twice, "1 2 3" and "4 5 6"; the last is used, as ITK does']);
  });

  it('may have further axes of length 1, but not several volumes', async () => {
    const four = (length: number) =>
      `${['NDims = 4', `DimSize = 4 3 2 ${length}`, 'ElementType = MET_SHORT', 'Modality = MET_MOD_CT'].join('\n')}\n` +
      'ElementSpacing = 1 2 3 4\nOffset = 5 6 7 8\nTransformMatrix = 0 1 0 0 1 0 0 0 0 0 1 0 0 0 0 1\nElementDataFile = LOCAL\n';
    const { volume } = await read(four(1));
    expect([volume.shape, volume.spacing, volume.origin]).toEqual([
      [2, 3, 4],
      [1, 2, 3],
      [5, 6, 7],
    ]);
    expect(volume.direction).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect(await refusal(await write(four(2)))).toMatch(/DimSize is "4 3 2 2": several volumes in one file/);
  });

  it('may have a wrong length of its packed values, with a note', async () => {
    const packed = deflateSync(ramp);
    for (const [size, note] of [
      [packed.length, ''],
      [0, ''],
      [7, 'its CompressedDataSize (7) is wrong; '],
      [9999, 'its CompressedDataSize (9999) is wrong; '],
    ] as const) {
      const { volume, notes } = await read(['CompressedData = True', `CompressedDataSize = ${size}`], packed);
      expect(volume.voxels[23]).toBe(130);
      expect(notes.join().startsWith(note)).toBe(true);
      expect(notes).toHaveLength(note === '' ? 0 : 1);
    }
    expect(
      await refusal(await write(['CompressedData = True', 'CompressedDataSize = 9999'], packed.subarray(0, 20))),
    ).toMatch(/metaimage-data: .*truncated, it holds 20 of 9999 packed bytes/);
  });

  it('names its Modality also by the tag of DICOM', async () => {
    const lines = usual.slice(0, 4);
    const { volume, notes } = await read(`${[...lines, '0008|0060 = CT', 'ElementDataFile = LOCAL'].join('\n')}\n`);
    expect([volume.intensity, notes]).toEqual(['hu', []]);
  });
});

describe('the data file of a header', () => {
  const header = (file: string) => `${[...usual, `ElementDataFile = ${file}`].join('\n')}\n`;

  it.each([
    ['a path of Windows', 'C:\\data\\scan.raw', /a path of Windows, expected LOCAL or a file .* Put "scan\.raw" there/],
    ['a folder of Windows', 'data\\scan.raw', /a path of Windows.* Put "scan\.raw" there/],
    ['a pattern', 'slice%03d.raw 1 2 1', /Values in several files are not read/],
    ['a list', 'LIST', /Values in several files are not read/],
  ])('is refused by name if it is %s', async (_, file, message) => {
    expect(await refusal(await write(header(file), new Uint8Array(0)))).toMatch(message);
  });

  it('may have any letters in its name', async () => {
    await writeFile(join(folder, 'Lunge größe.raw'), ramp);
    const path = await write(header('Lunge größe.raw'), new Uint8Array(0), 'named.mhd');
    expect((await readVolume(path)).voxels[23]).toBe(130);
  });
});
