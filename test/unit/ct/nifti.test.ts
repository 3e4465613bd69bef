import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readMask, readVolume, type Volume, writeMask, writeVolume } from '../../../dist/ct/index.js';
import { goldenScans, largestDifference, valuesOf } from '../../support/goldenScans.js';
import { rampVolume } from '../../support/rampVolume.js';
import { scratchFolder } from '../../support/scratch.js';
import { sharedData } from '../../support/shared.js';

const { folder: golden, cases } = goldenScans('nifti');
const folder = scratchFolder('nifti');

const quiet = { onNote: () => {} };

describe('reading NIfTI', () => {
  it.each(cases.map((one) => [one.file, one] as const))(
    'gives the result of nibabel, in LPS: %s',
    async (file, one) => {
      const volume = await readVolume(path.join(golden, file), quiet);
      expect(volume.shape).toEqual([3, 4, 5]);
      expect(largestDifference(valuesOf(volume), one.values)).toBeLessThan(1e-3);
      expect([volume.scale, volume.offset]).toEqual(one.values.every(Number.isInteger) ? [1, 0] : expect.anything());
      if (one.spacing === null) expect(volume.spacing).toBeNull();
      // It is float32 in the file.
      else expect(largestDifference(volume.spacing!, one.spacing)).toBeLessThan(1e-6 * Math.max(...one.spacing));
      expect(largestDifference(volume.origin, one.origin)).toBeLessThan(
        1e-6 * Math.max(1, ...one.origin.map(Math.abs)),
      );
      expect(largestDifference(volume.direction.flat(), one.direction.flat())).toBeLessThan(3e-7);
      expect(volume.uid).toBe(file.replace(/\.nii(\.gz)?$/, ''));
    },
  );

  it('assumes arbitrary for unsigned values, notes a guess for others, and follows the caller', async () => {
    const notes: string[] = [];
    const read = (file: string) => readVolume(path.join(golden, file), { onNote: (text) => notes.push(text) });
    expect((await read('uint8.nii.gz')).intensity).toBe('arbitrary');
    expect((await read('uint16.nii.gz')).intensity).toBe('arbitrary');
    expect(notes).toEqual([]);
    expect((await read('int16.nii.gz')).intensity).toBe('hu');
    expect(notes.join()).toMatch(/does not say whether its values are Hounsfield units; assuming 'hu'/);
    expect((await readVolume(path.join(golden, 'uint8.nii.gz'), { intensity: 'hu' })).intensity).toBe('hu');
  });

  it('notes what a file does not record: the position in the patient, the spacing', async () => {
    const notesOf = async (file: string) => {
      const notes: string[] = [];
      await readVolume(path.join(golden, file), { intensity: 'hu', onNote: (text) => notes.push(text) });
      return notes.join('\n');
    };
    expect(await notesOf('unplaced.nii.gz')).toMatch(/neither sform nor qform says where/);
    expect(await notesOf('nothing-said.nii.gz')).toMatch(/does not record its voxel spacing/);
    expect(await notesOf('one-mm.nii.gz')).toBe('');
  });

  /** A golden file with some bytes changed. */
  const changed = async (name: string, file: string, change: Change) => {
    const packed = readFileSync(path.join(golden, file));
    const bytes = Buffer.from(file.endsWith('.gz') ? gunzipSync(packed) : packed);
    const result = change(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes) ?? bytes;
    const at = path.join(folder, name);
    await writeFile(at, name.endsWith('.gz') ? gzipSync(result) : result);
    return at;
  };
  type Change = (view: DataView, whole: Buffer) => Buffer | undefined;
  const all =
    (...changes: Change[]): Change =>
    (view, whole) => {
      for (const change of changes) change(view, whole);
      return undefined;
    };
  const byte =
    (place: number, value: number): Change =>
    (view) => {
      view.setUint8(place, value);
      return undefined;
    };
  const int16 =
    (place: number, ...values: number[]): Change =>
    (view) => {
      values.forEach((value, n) => {
        view.setInt16(place + 2 * n, value, true);
      });
      return undefined;
    };
  const float32 =
    (place: number, ...values: number[]): Change =>
    (view) => {
      values.forEach((value, n) => {
        view.setFloat32(place + 4 * n, value, true);
      });
      return undefined;
    };

  const refusals: [string, string, Change, RegExp][] = [
    [
      'another file',
      'nifti-header',
      () => Buffer.from('\x89PNG\r\n\x1a\n'.repeat(100)),
      /sizeof_hdr .* not a NIfTI file/,
    ],
    ['an empty file', 'nifti-header', () => Buffer.alloc(0), /sizeof_hdr is missing/],
    ['a truncated header', 'nifti-header', (_, whole) => whole.subarray(0, 300), /the file has 300 bytes/],
    [
      'the header of a pair',
      'nifti-header',
      (_, whole) => Buffer.concat([whole.subarray(0, 344), Buffer.from('ni1\0'), whole.subarray(348)]),
      /field magic is "ni1".*\.img/,
    ],
    ['Analyze', 'nifti-header', (_, whole) => whole.fill(0, 344, 348), /field magic/],
    ['two axes', 'nifti-header', int16(40, 2), /field dim\[0\] is 2, expected 3/],
    ['an axis of length 0', 'nifti-header', int16(44, 0), /field dim is 5 0 3/],
    ['a negative axis', 'nifti-header', int16(42, -5), /field dim is -5 4 3/],
    ['several volumes', 'nifti-header', int16(40, 4, 5, 2, 3, 2), /field dim is 5 2 3 2: several volumes/],
    ['colours', 'nifti-header', int16(70, 128), /field datatype is 128 \(RGB colour\)/],
    ['an unknown type', 'nifti-header', int16(70, 3), /field datatype is 3, expected one of 2 \(uint8\)/],
    ['a size beyond memory', 'nifti-header', all(int16(42, 32767, 32767, 32767), int16(70, 64)), /field dim is 32767/],
    [
      'a large size in a small file',
      'nifti-data',
      int16(42, 2000, 1000, 500),
      /truncated, it holds 120 bytes, expected 2000000000 bytes by its header/,
    ],
    [
      'a truncated file',
      'nifti-data',
      (_, whole) => whole.subarray(0, 400),
      /truncated, it holds 48 bytes, expected 120 bytes by its header \(dim 5 4 3 of int16\)/,
    ],
    ['values that do not fit the type', 'nifti-data', int16(70, 2), /holds 120 bytes, expected 60 bytes by its header/],
    ['values within the header', 'nifti-header', float32(108, 0), /field vox_offset is 0, expected .* from 352/],
    ['an offset of NaN', 'nifti-header', float32(108, Number.NaN), /field vox_offset is NaN/],
    ['an unknown unit', 'nifti-header', byte(123, 7), /field xyzt_units/],
    ['an sform of NaN', 'nifti-header', float32(280, Number.NaN), /field srow_x, srow_y, srow_z is NaN/],
    ['an sform without a third axis', 'nifti-header', float32(320, 0), /srow_z gives voxels of .* x 0, expected/],
    [
      'a sheared sform',
      'scan-axes',
      float32(284, 0.5),
      /found axes .* in field srow_x, srow_y, srow_z .* deviate from orthonormal/,
    ],
    ['no quaternion', 'nifti-header', all(int16(252, 1, 0), float32(256, 2, 0, 0)), /field quatern_b/],
    ['a qform with a distance of 0', 'nifti-header', all(int16(252, 1, 0), float32(80, 0)), /field pixdim is 0/],
    ['a slope without intercept', 'nifti-header', float32(112, 2, Number.NaN), /field scl_inter is NaN/],
  ];
  it.each(refusals)('refuses %s with %s, naming the file and the field', async (what, code, change, message) => {
    const at = await changed(`${what.replaceAll(' ', '-')}.nii`, 'sform-identity.nii.gz', change);
    const error = await readVolume(at, quiet).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'NoduleTrainError', code, message: expect.stringMatching(message) });
  });

  it('refuses packed files that are truncated, damaged, too long, or too short for their header', async () => {
    const packed = readFileSync(path.join(golden, 'sform-any.nii.gz'));
    const broken = async (name: string, bytes: Buffer) => {
      await writeFile(path.join(folder, name), bytes);
      return readVolume(path.join(folder, name), quiet).then(
        () => 'read',
        ({ code, message }) => `${code} ${message}`,
      );
    };
    expect(await broken('cut.nii.gz', packed.subarray(0, packed.length - 20))).toMatch(/^nifti-data .*does not unpack/);
    const flipped = Buffer.from(packed);
    flipped[packed.length - 8]! ^= 1;
    expect(await broken('crc.nii.gz', flipped)).toMatch(/^nifti-data .*(does not unpack|truncated or damaged)/);
    const whole = gunzipSync(packed);
    expect(await broken('long.nii.gz', gzipSync(Buffer.concat([whole, whole])))).toMatch(/unpacks to more bytes/);
    whole.writeInt16LE(1000, 42);
    whole.writeInt16LE(1000, 44);
    expect(await broken('bomb.nii.gz', gzipSync(whole))).toMatch(/compressed bytes cannot hold the values/);
  });

  it('refuses pairs by their name, with advice', async () => {
    for (const name of ['scan.hdr', 'scan.img', 'scan.img.gz']) {
      await writeFile(path.join(folder, name), 'x');
      await expect(readVolume(path.join(folder, name))).rejects.toMatchObject({
        code: 'scan-format',
        message: expect.stringMatching(/two files .* Convert it to \.nii\.gz/),
      });
    }
  });
});

describe('writing NIfTI', () => {
  it.each(['again.nii', 'again.nii.gz'])(
    'and reading it back changes nothing that float32 can hold: %s',
    async (name) => {
      const at = path.join(folder, name);
      for (const compress of [true, false]) {
        for (const changes of [{}, { intensity: 'arbitrary' as const }, { spacing: null }]) {
          const volume: Volume = { ...rampVolume, ...changes };
          await writeVolume(at, volume, { compress });
          // There is no note, as the file records whether its values are HU.
          const notes: string[] = [];
          expect(await readVolume(at, { onNote: (text) => notes.push(text) })).toEqual(volume);
          expect(notes.join()).not.toMatch(/Hounsfield/);
        }
      }
    },
  );

  it('keeps labels, and scaled values', async () => {
    const mask = { ...rampVolume, voxels: Uint8Array.from({ length: 60 }, (_, k) => k % 5) };
    await writeMask(path.join(folder, 'mask.nii.gz'), mask);
    expect((await readMask(path.join(folder, 'mask.nii.gz'))).voxels).toEqual(mask.voxels);
    const scaled: Volume = { ...rampVolume, scale: 0.5, offset: 0.25 };
    await writeVolume(path.join(folder, 'scaled.nii.gz'), scaled);
    const read = await readVolume(path.join(folder, 'scaled.nii.gz'), quiet);
    expect(largestDifference(valuesOf(read), valuesOf(scaled))).toBeLessThan((60 * 20) / 65535);
  });

  it('refuses an axis beyond 32767 voxels', async () => {
    const long: Volume = { ...rampVolume, shape: [1, 1, 40_000], voxels: new Int16Array(40_000) };
    await expect(writeVolume(path.join(folder, 'long.nii.gz'), long)).rejects.toMatchObject({ code: 'scan-write' });
  });
});

const lidc = sharedData('lidc-nodules', 'imagesTr');
it.skipIf(lidc === null)(
  'a nodule of ../shared/data/lidc-nodules has no recorded spacing (skipped without it)',
  async () => {
    const volume = await readVolume(path.join(lidc as string, 'LIDC-IDRI-0001_n0_0000.nii.gz'), quiet);
    expect(volume).toMatchObject({ shape: [9, 128, 128], spacing: null, intensity: 'arbitrary' });
  },
);
