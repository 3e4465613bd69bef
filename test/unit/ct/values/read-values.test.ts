import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { convertScan, readVolume, type Volume } from '../../../../dist/ct/index.js';
import { synthesize } from '../../../../dist/phantom/index.js';
import type { Fields } from '../../../support/dicomBytes.mjs';
import { read, series, straight } from '../../../support/dicomSeries.js';
import { scratchFolder } from '../../../support/scratch.js';

const folder = scratchFolder('read-values');
let files = 0;
let chest: Volume;
beforeAll(() => {
  chest = synthesize({ seed: 5, size: [12, 64, 64], spacing: [5.4, 5.4, 12] }).volume;
});

type Numbers = Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array;
const metaTypes = new Map<string, string>([
  ['Uint8Array', 'MET_UCHAR'],
  ['Int16Array', 'MET_SHORT'],
  ['Uint16Array', 'MET_USHORT'],
  ['Int32Array', 'MET_INT'],
  ['Float32Array', 'MET_FLOAT'],
]);

/** Writes values of the chest's shape as a MetaImage. */
const meta = async (values: Numbers, modality?: string): Promise<string> => {
  const [slices, rows, columns] = chest.shape;
  const lines = [
    'ObjectType = Image',
    'NDims = 3',
    'ElementSpacing = 1 1 1',
    `DimSize = ${columns} ${rows} ${slices}`,
    ...(modality === undefined ? [] : [`Modality = ${modality}`]),
    `ElementType = ${metaTypes.get(values.constructor.name)}`,
    'ElementDataFile = LOCAL',
    '',
  ];
  const path = join(folder, `scan ${files++}.mha`);
  await writeFile(path, Buffer.concat([Buffer.from(lines.join('\n')), Buffer.from(values.buffer)]));
  return path;
};

/** Writes values of the chest's shape as NIfTI-1. */
const nifti = async (values: Numbers, slope: number, intercept: number): Promise<string> => {
  const [slices, rows, columns] = chest.shape;
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  for (const [k, length] of [3, columns, rows, slices, 1, 1, 1, 1].entries()) header.writeInt16LE(length, 40 + 2 * k);
  const types = { Uint8Array: 2, Int16Array: 4, Int32Array: 8, Float32Array: 16, Uint16Array: 512 };
  header.writeInt16LE(types[values.constructor.name as keyof typeof types], 70);
  header.writeInt16LE(8 * values.BYTES_PER_ELEMENT, 72);
  for (let k = 0; k < 4; k++) header.writeFloatLE(1, 76 + 4 * k);
  header.writeFloatLE(352, 108);
  header.writeFloatLE(slope, 112);
  header.writeFloatLE(intercept, 116);
  header.writeUInt8(2, 123);
  header.writeInt16LE(1, 254);
  for (const axis of [0, 1, 2]) header.writeFloatLE(1, 280 + 20 * axis);
  header.write('n+1\0', 344, 'latin1');
  const path = join(folder, `scan ${files++}.nii`);
  await writeFile(path, Buffer.concat([header, Buffer.from(values.buffer)]));
  return path;
};

/** Writes stored values of the chest's shape as a DICOM series. */
const dicom = (stored: Int16Array | Uint16Array | Uint8Array, fields: Fields = {}): Promise<string> =>
  series(
    { over: () => fields },
    { shape: chest.shape, spacing: [5, 5, 12], origin: [0, 0, 0], direction: straight, stored },
  );

const plus = (by: number): Uint16Array => Uint16Array.from(chest.voxels, (hu) => Math.max(0, hu + by));
const signed = (by: number): Int16Array => Int16Array.from(chest.voxels, (hu) => Math.max(-1024, hu) + by);
/** The chest as 12 bits hold it. */
const clipped = (): number[] => Array.from(chest.voxels, (hu) => Math.max(-1024, hu));
const shiftNote =
  /air or lung is near \S+ and soft tissue near \S+, expected near -900 and 0 HU; they look like HU \+ 1024 \(or \+ 1000\)\. Read them with --rescale 1,-1024, or with --intensity arbitrary$/;

describe('a scan of HU + 1024', () => {
  it.each<[string, () => Promise<string>, Volume['intensity'], RegExp]>([
    ['unsigned MetaImage', () => meta(plus(1024)), 'arbitrary', /read as 'arbitrary', but air/],
    [
      'signed MetaImage of a CT',
      () => meta(signed(1024), 'MET_MOD_CT'),
      'hu',
      /its values are not Hounsfield units: air/,
    ],
    ['signed MetaImage', () => meta(signed(1024)), 'arbitrary', /does not say .*; assuming 'arbitrary', as air/],
    ['signed NIfTI', () => nifti(signed(1024), 1, 0), 'arbitrary', /assuming 'arbitrary', as air/],
    ['float NIfTI', () => nifti(Float32Array.from(signed(1024)), 0, 0), 'arbitrary', /assuming 'arbitrary', as air/],
    [
      'DICOM with the intercept lost',
      () => dicom(plus(1024), { RescaleIntercept: 0 }),
      'hu',
      /are not Hounsfield units/,
    ],
    [
      'DICOM without rescale',
      () => dicom(plus(1024), { RescaleIntercept: undefined, RescaleSlope: undefined }),
      'arbitrary',
      /read as 'arbitrary', but air/,
    ],
  ])('is reported with the option that reads it: %s', async (_what, write, intensity, start) => {
    const path = await write();
    const { volume, notes } = await read(path);
    expect(volume.intensity).toBe(intensity);
    expect(notes.at(-1)).toMatch(start);
    expect(notes.at(-1)).toMatch(shiftNote);
    const right = await read(path, { rescale: [1, -1024] });
    expect([right.volume.intensity, right.notes]).toEqual(['hu', []]);
    expect(right.voxels).toEqual(clipped());
    // As the user says, though the values contradict it.
    expect((await read(path, { intensity: 'arbitrary' })).notes).toEqual([]);
    const given = await read(path, { intensity: 'hu' });
    expect([given.volume.intensity, given.notes]).toEqual(['hu', [expect.stringMatching(shiftNote)]]);
  });

  it('is never shifted by itself', async () => {
    const { volume, voxels } = await read(await meta(signed(1024), 'CT'));
    expect([volume.scale, volume.offset]).toEqual([1, 0]);
    expect(voxels).toEqual(Array.from(signed(1024)));
  });

  it('is converted with `rescale`', async () => {
    const to = join(folder, 'converted.mha');
    await convertScan(await meta(plus(1024)), to, { rescale: [1, -1024], onNote: () => {} });
    const { voxels, notes } = await read(to);
    expect([voxels, notes]).toEqual([clipped(), []]);
  });
});

describe('values in HU', () => {
  it.each<[string, () => Promise<string>]>([
    ['MetaImage of a CT', () => meta(signed(0), 'MET_MOD_CT')],
    ['MetaImage with a short Modality', () => meta(signed(0), 'CT')],
    ['MetaImage in lower case', () => meta(signed(0), 'ct')],
    ['DICOM', () => dicom(plus(1024))],
    ['DICOM, signed', () => dicom(signed(0), { RescaleIntercept: 0 })],
  ])('give no note: %s', async (_what, write) => {
    const { volume, notes, voxels } = await read(await write());
    expect([volume.intensity, notes]).toEqual(['hu', []]);
    expect(voxels).toEqual(clipped());
  });

  it('that no tag calls so are reported', async () => {
    const path = await dicom(plus(1024), { Modality: 'OT' });
    const { volume, notes } = await read(path);
    expect(volume.intensity).toBe('arbitrary');
    expect(notes.at(-1)).toMatch(/read as 'arbitrary', but air .* as in HU\. Read them with --intensity hu$/);
    expect((await read(path, { intensity: 'hu' })).notes).toEqual([]);
  });

  it('of unsigned types with an intercept are guessed by their minimum', async () => {
    const { volume, notes, voxels } = await read(await nifti(plus(1024), 1, -1024));
    expect([volume.intensity, voxels]).toEqual(['hu', clipped()]);
    expect(notes).toEqual([expect.stringMatching(/assuming 'hu', as the lowest is -\d+/)]);
    const pet = await read(
      await nifti(
        Uint16Array.from(chest.voxels, (_, k) => k % 5000),
        2,
        0,
      ),
    );
    expect(pet.volume.intensity).toBe('arbitrary');
  });
});

describe('values of 8 bits', () => {
  const bytes = (): Uint8Array =>
    Uint8Array.from(chest.voxels, (hu) => Math.round((255 * Math.min(400, Math.max(-1000, hu) + 1000)) / 1400));

  it.each<[string, () => Promise<string>]>([
    ['MetaImage of a CT', () => meta(bytes(), 'MET_MOD_CT')],
    ['DICOM', () => dicom(bytes())],
    ['DICOM of 12 bits that holds 8', () => dicom(Uint16Array.from(bytes()), { BitsStored: 8, HighBit: 7 })],
  ])('as a display window are reported: %s', async (_what, write) => {
    const path = await write();
    const { volume, notes } = await read(path);
    expect(volume.intensity).toBe('hu');
    expect(notes.join()).toMatch(
      /8-bit values span 255 HU, less than .* --intensity arbitrary|HU scaled to values from/,
    );
    expect((await read(path, { intensity: 'arbitrary' })).notes).toEqual([]);
  });

  it('with a slope that gives HU back are HU', async () => {
    const path = await nifti(bytes(), 1400 / 255, -1000);
    const { volume, notes } = await read(path);
    expect(volume.intensity).toBe('hu');
    expect(notes.join()).not.toMatch(/8-bit|look like/);
  });

  it('are arbitrary without a word, as labels are', async () => {
    const { volume, notes } = await read(await meta(bytes()));
    expect([volume.intensity, notes]).toEqual(['arbitrary', []]);
  });
});

describe('Modality of a MetaImage', () => {
  it.each<[string, Volume['intensity'], string | null]>([
    ['CT', 'hu', null],
    ['MET_MOD_CT', 'hu', null],
    ['met_mod_ct', 'hu', null],
    ['MET_MOD_UNKNOWN', 'hu', "assuming 'hu', as they are signed integers"],
    ['MET_MOD_OTHER', 'arbitrary', null],
    ['MET_MOD_MR', 'arbitrary', `its Modality is "MET_MOD_MR", so the values are not HU ('arbitrary')`],
    ['PET', 'arbitrary', 'its Modality is "PET", so the values are not HU'],
  ])('%s', async (modality, intensity, note) => {
    const { volume, notes } = await read(await meta(signed(0), modality));
    expect(volume.intensity).toBe(intensity);
    if (note === null) expect(notes).toEqual([]);
    else expect(notes).toEqual([expect.stringContaining(note)]);
  });
});

describe('a wrong `rescale`', () => {
  it.each([[[0, 1]], [[Number.NaN, 0]], [[1]], [[1, Number.POSITIVE_INFINITY]], ['1,-1024']])(
    'is refused: %j',
    async (rescale) => {
      await expect(readVolume(await meta(signed(0)), { rescale } as never)).rejects.toMatchObject({ code: 'options' });
    },
  );
});
