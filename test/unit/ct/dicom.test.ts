import { copyFile, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { indexIRC, indexToWorld, type Matrix3, readVolume, type Volume, writeVolume } from '../../../dist/ct/index.js';
import {
  dataSetBytes,
  deflated,
  explicitBig,
  explicitLittle,
  type Fields,
  implicitLittle,
  itemsBytes,
  patient,
  sliceFields,
} from '../../support/dicomBytes.mjs';
import {
  add,
  count,
  largest,
  oblique,
  read,
  scratch,
  series,
  shape,
  shifted,
  stack,
  straight,
  writeSeries,
} from '../../support/dicomSeries.js';
import { buildVolume } from '../../support/volume.js';

describe('a DICOM series', () => {
  it.each([
    ['Explicit VR Little Endian', explicitLittle],
    ['Implicit VR Little Endian', implicitLittle],
    ['Explicit VR Big Endian', explicitBig],
    ['Deflated Explicit VR Little Endian', deflated],
  ])('reads as the MetaImage of the same scan: %s', async (_name, syntax) => {
    const { volume, notes } = await read(await series({ syntax }, { ...stack, direction: oblique }));
    const path = join(scratch(), '1.2.3.4.mha');
    const { spacing, origin } = stack;
    const grid = { spacing, origin, direction: oblique, uid: '1.2.3.4' } as Partial<Volume>;
    await writeVolume(path, buildVolume(shape, Int16Array.from(shifted), grid));
    const meta = await readVolume(path);
    expect(notes).toEqual([]);
    // A MetaImage does not record which DICOM file a slice came from, nor its frame of reference.
    const { sliceUids, frameOfReferenceUid, ...image } = volume;
    expect(frameOfReferenceUid).toBe('1.2.3.5');
    expect(sliceUids).toEqual(['1.2.3.1', '1.2.3.2', '1.2.3.3', '1.2.3.4', '1.2.3.5']);
    expect({ ...image, spacing: null, direction: null }).toEqual({ ...meta, spacing: null, direction: null });
    // DS has 16 characters per number.
    expect(largest(volume.direction.flat(), meta.direction.flat())).toBeLessThan(1e-7);
    expect(largest([...volume.spacing!], [...meta.spacing!])).toBeLessThan(1e-7);
  });

  const axes = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ] as const;
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const;
  const orientations = orders.flatMap((order) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((flips): [string, Matrix3] => {
      const columns = order.map((axis, k) => axes[axis]!.map((entry) => (flips & (1 << k) ? -entry : entry) + 0));
      const direction = [0, 1, 2].map((row) => columns.map((column) => column[row]!)) as unknown as Matrix3;
      return [direction.map((row) => row.join(' ')).join(', '), direction];
    }),
  );
  it('has 48 orientations', () => expect(new Set(orientations.map(([name]) => name)).size).toBe(48));

  it.each(orientations)('puts every voxel at its position in the MetaImage: axes %s', async (_name, direction) => {
    const dicom = (await read(await series({}, { ...stack, direction }))).volume;
    const path = join(scratch(), 'turned.mha');
    await writeVolume(path, {
      ...dicom,
      shape,
      spacing: [0.75, 0.5, 2.5],
      origin: [-20, 30.5, -100],
      direction,
      voxels: Int16Array.from(shifted),
    });
    const meta = await readVolume(path);
    const places = (volume: Volume) => {
      const [, rows, columns] = volume.shape;
      const place = (k: number) =>
        indexToWorld(
          volume,
          indexIRC(Math.floor(k / (rows * columns)), Math.floor(k / columns) % rows, k % columns),
        ).map((mm) => mm.toFixed(6));
      return new Map(Array.from(volume.voxels, (hu, k) => [hu, place(k).join(' ')]));
    };
    expect(places(meta).size).toBe(count);
    const ours = places(dicom);
    for (const [hu, place] of places(meta)) expect(ours.get(hu), `${hu} HU`).toBe(place);
  });

  it('is sorted by position, whatever the file names and InstanceNumber are', async () => {
    const names = (k: number) => `${9 - k}`;
    const dir = await series({ name: names, over: (k) => ({ InstanceNumber: (k * 3) % 5 }) });
    expect((await read(dir)).voxels).toEqual(shifted);
  });

  it('is found by content alone among XML, text, empty files, folders and DICOM files without an image', async () => {
    const dir = await series({ name: (k) => (k < 3 ? `slice${k}` : null) });
    await series({ name: (k) => (k < 3 ? null : `rest ${k}.ima`) });
    await mkdir(join(dir, 'deeper', 'yet'), { recursive: true });
    await writeSeries(join(dir, 'deeper', 'yet'), stack, { name: (k) => (k < 3 ? null : `IM${k}`) });
    await writeFile(join(dir, '069.xml'), '<LidcReadMessage/>');
    await writeFile(join(dir, 'empty.dcm'), '');
    await writeFile(join(dir, 'text.dcm'), 'DICM '.repeat(200));
    await add(dir, 'report.dcm', {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11',
      Modality: 'SR',
      SeriesInstanceUID: '1.2.9',
    });
    await symlink(dir, join(dir, 'deeper', 'round'));
    await symlink(join(dir, 'nowhere'), join(dir, 'broken'));
    const { voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(notes).toEqual([]);
  });

  it('may have sequences, private tags, and tags longer than the part that is read first', async () => {
    const item = dataSetBytes({ SOPInstanceUID: '1.2.9', PixelData: Buffer.alloc(32, 7) });
    for (const syntax of [explicitLittle, deflated]) {
      const dir = await series({
        syntax,
        over: (k) => ({
          ReferencedImageSequence: itemsBytes([item, item], k % 2 === 0),
          '(0009,0010) LO': 'PRIVATE',
          '(0009,1001) OB': Buffer.alloc(k * 20_000, 255),
        }),
      });
      expect((await read(dir)).voxels).toEqual(shifted);
    }
  });

  it.each([explicitLittle, implicitLittle])('may lack the file header, as in old archives: %s', async (syntax) => {
    const dir = join(scratch(), `bare ${syntax}`);
    await mkdir(dir);
    for (let k = 0; k < 5; k++)
      await writeFile(join(dir, `${k}`), dataSetBytes(sliceFields(stack, k, {}, syntax), syntax));
    expect((await read(dir)).voxels).toEqual(shifted);
  });

  it('with copies of a file is read without them, with a note', async () => {
    const dir = await series();
    const [first, second] = await readdir(dir);
    await copyFile(join(dir, first!), join(dir, 'copy of one.dcm'));
    await copyFile(join(dir, second!), join(dir, 'copy of two.dcm'));
    const { voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(notes).toEqual([`${dir}: skipping 2 slices that are copies of another file, with the same pixels`]);
  });

  it('skips localizers and secondary captures, with a note', async () => {
    const dir = await series();
    await add(
      dir,
      'scout.dcm',
      sliceFields(stack, 0, { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'], Rows: 2, Columns: 6 }),
    );
    await add(dir, 'report.dcm', {
      ...sliceFields(stack, 0, {
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
        PhotometricInterpretation: 'RGB',
        SamplesPerPixel: 3,
      }),
    });
    const { voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(notes).toEqual([
      `${dir}: skipping 1 localizers (ImageType) of the series`,
      `${dir}: skipping 1 secondary captures (SOPClassUID) of the series`,
    ]);
  });

  it('of one file is the volume of its own frames, with its thickness as the spacing', async () => {
    const dir = await series({ name: (k) => `${k}.dcm` });
    const { volume, notes, voxels } = await read(join(dir, '3.dcm'));
    expect(volume).toMatchObject({ shape: [1, 4, 3], spacing: [0.75, 0.5, 2.5], origin: [-20, 30.5, -92.5] });
    expect(voxels).toEqual(shifted.slice(36, 48));
    expect(notes).toEqual([expect.stringMatching(/one slice, so its thickness of 2\.5 mm is used as the spacing/)]);
  });

  it('with uneven slices or a tilted gantry is straightened on request', async () => {
    const gap = await series({ name: (k) => (k === 3 ? null : `${k}`) });
    const { volume } = await read(gap, { resample: true });
    expect(volume).toMatchObject({ shape, spacing: [0.75, 0.5, 2.5], origin: [-20, 30.5, -100] });
    // Slice 3 is halfway between 2 and 4, as the ramp is linear.
    expect([...volume.voxels]).toEqual(shifted);
    const tilt = (k: number): Fields => ({ ImagePositionPatient: [-20, 30.5 + 0.5 * k, -100 + 2.5 * k] });
    const tilted = await read(await series({ over: tilt }), { resample: true });
    expect(tilted.volume.shape[0]).toBe(5);
    expect(largest(tilted.volume.direction.flat(), straight.flat())).toBeLessThan(1e-12);
    expect(tilted.volume.spacing![2]).toBeCloseTo(2.5, 12);
    // The shift is one row of 0.5 mm per slice: row r of slice k is now row r + k.
    const at = (k: number, row: number, column: number) =>
      tilted.volume.voxels[(k * tilted.volume.shape[1] + row) * 3 + column];
    expect([at(0, 0, 0), at(1, 1, 0), at(4, 4, 2), at(2, 5, 1)]).toEqual([
      shifted[0],
      shifted[12],
      shifted[50],
      shifted[24 + 9 + 1],
    ]);
  });
});

it('nothing about the patient is in a volume, a note or a warning', async () => {
  const dir = await series({ over: (k) => (k === 0 ? { RescaleSlope: 0.37 } : {}) });
  await add(dir, 'again', sliceFields(stack, 0, { RescaleSlope: 0.37 }));
  const { volume, notes } = await read(dir);
  expect(notes.length).toBe(2);
  const output = JSON.stringify([notes, { ...volume, voxels: [...volume.voxels] }]);
  for (const text of [...Object.values(patient), 'Planted', 'Felicitas', '1931']) expect(output).not.toContain(text);
});
