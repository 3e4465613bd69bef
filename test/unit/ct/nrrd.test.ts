import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readMask, readVolume, type Volume, writeMask, writeVolume } from '../../../dist/ct/index.js';
import { goldenScans, largestDifference, valuesOf } from '../../support/goldenScans.js';
import { ramp, rampVolume } from '../../support/rampVolume.js';
import { scratchFolder } from '../../support/scratch.js';

const { folder: golden, cases } = goldenScans('nrrd');
const folder = scratchFolder('nrrd');

const quiet = { onNote: () => {} };
const rampBytes = Buffer.from(ramp.buffer);

/** A header of valid fields with some changed; undefined removes one. */
const header = (changes: Record<string, string | undefined> = {}) => {
  const fields = {
    type: 'short',
    dimension: '3',
    space: 'left-posterior-superior',
    sizes: '5 4 3',
    'space directions': '(1,0,0) (0,1,0) (0,0,2)',
    endian: 'little',
    encoding: 'raw',
    'space origin': '(0,0,0)',
    ...changes,
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `NRRD0004\n${lines.map(([field, value]) => `${field}: ${value}\n`).join('')}\n`;
};

describe('reading NRRD', () => {
  it.each(cases.map((one) => [one.file, one] as const))('gives the result of SimpleITK: %s', async (file, one) => {
    const volume = await readVolume(path.join(golden, file), quiet);
    expect(volume.shape).toEqual([3, 4, 5]);
    expect(valuesOf(volume)).toEqual(one.values);
    if (one.spacing === null) expect(volume.spacing).toBeNull();
    else expect(largestDifference(volume.spacing!, one.spacing)).toBeLessThan(1e-12);
    expect(largestDifference(volume.origin, one.origin)).toBeLessThan(1e-12);
    expect(largestDifference(volume.direction.flat(), one.direction.flat())).toBeLessThan(1e-12);
    expect(volume.uid).toBe(file.replace(/\.[^.]*$/, ''));
  });

  it('notes that a file does not record the position of its axes or its voxel spacing', async () => {
    const notesOf = async (file: string) => {
      const notes: string[] = [];
      await readVolume(path.join(golden, file), { intensity: 'hu', onNote: (text) => notes.push(text) });
      return notes.join('\n');
    };
    expect(await notesOf('space-dimension.nrrd')).toMatch(/does not say where its axes lie in the patient/);
    expect(await notesOf('nothing-said.nrrd')).toMatch(/does not record its voxel spacing/);
    expect(await notesOf('space-RAS.nrrd')).toBe('');
  });

  const both = (text: string, bytes: Uint8Array = rampBytes) => Buffer.concat([Buffer.from(text, 'latin1'), bytes]);
  const refusals: [string, string, Buffer, RegExp][] = [
    ['another file', 'nrrd-header', Buffer.from('\x89PNG\r\n\x1a\n'), /begins with .* not a NRRD file/],
    ['an empty file', 'nrrd-header', Buffer.alloc(0), /begins with ""/],
    ['a version of the future', 'nrrd-header', both(header().replace('NRRD0004', 'NRRD0009')), /NRRD0005/],
    ['a header that does not end', 'nrrd-header', Buffer.from(header().trimEnd()), /ends with the file/],
    ['a line that is not a field', 'nrrd-header', both(`NRRD0004\nhello\n${header().slice(9)}`), /line 2 is "hello"/],
    ['two axes', 'nrrd-header', both(header({ dimension: '2', sizes: '5 12' })), /field dimension is "2"/],
    ['four axes', 'nrrd-header', both(header({ dimension: '4', sizes: '2 5 4 3' })), /field dimension is "4"/],
    ['a missing size', 'nrrd-header', both(header({ sizes: undefined })), /field sizes is missing/],
    ['a size of zero', 'nrrd-header', both(header({ sizes: '5 0 3' })), /field sizes is "5 0 3"/],
    ['a size that is not a number', 'nrrd-header', both(header({ sizes: '5 x 3' })), /field sizes is "5 x 3"/],
    [
      'colours',
      'nrrd-header',
      both(header({ kinds: 'RGB-color domain domain' })),
      /field kinds has the axis "RGB-color"/,
    ],
    [
      'an unknown type',
      'nrrd-header',
      both(header({ type: 'block' })),
      /field type is "block", expected one of signed char/,
    ],
    ['a missing type', 'nrrd-header', both(header({ type: undefined })), /field type is missing/],
    [
      'values as text',
      'nrrd-header',
      both(header({ encoding: 'ascii' })),
      /field encoding is "ascii", expected raw or gzip/,
    ],
    ['bzip2', 'nrrd-header', both(header({ encoding: 'bzip2' })), /field encoding is "bzip2"/],
    ['a missing endian', 'nrrd-header', both(header({ endian: undefined })), /field endian is missing/],
    ['an unknown endian', 'nrrd-header', both(header({ endian: 'middle' })), /field endian is "middle"/],
    ['a space of time', 'nrrd-header', both(header({ space: 'left-posterior-superior-time' })), /field space is/],
    ['a space of two axes', 'nrrd-header', both(header({ 'space dimension': '2' })), /field space dimension is "2"/],
    [
      'an axis without direction',
      'nrrd-header',
      both(header({ 'space directions': 'none (1,0,0) (0,1,0)' })),
      /field space directions is/,
    ],
    [
      'a direction of length 0',
      'nrrd-header',
      both(header({ 'space directions': '(0,0,0) (0,1,0) (0,0,1)' })),
      /three vectors longer than 0/,
    ],
    [
      'directions of NaN',
      'nrrd-header',
      both(header({ 'space directions': '(nan,0,0) (0,1,0) (0,0,1)' })),
      /field space directions/,
    ],
    [
      'an origin of two numbers',
      'nrrd-header',
      both(header({ 'space origin': '(1,2)' })),
      /field space origin is "\(1,2\)"/,
    ],
    ['inches', 'nrrd-header', both(header({ 'space units': '"inch" "inch" "inch"' })), /field space units/],
    [
      'a shear',
      'scan-axes',
      both(header({ 'space directions': '(1,0,0) (0.1,1,0) (0,0,1)' })),
      /field space directions .* deviate from orthonormal/,
    ],
    [
      'a negative distance',
      'nrrd-header',
      both(header({ 'space directions': undefined, spacings: '1 -1 1' })),
      /field spacings/,
    ],
    [
      'a size beyond memory',
      'nrrd-header',
      both(header({ sizes: '999999 999999 999999' })),
      /field sizes .* bytes of short, expected at most/,
    ],
    [
      'a large size in a small file',
      'nrrd-data',
      both(header({ sizes: '2000 1000 500' })),
      /truncated, it holds 120 bytes, expected 2000000000 bytes by its header/,
    ],
    [
      'a large size in a small packed file',
      'nrrd-data',
      both(header({ sizes: '2000 1000 500', encoding: 'gzip' })),
      /cannot hold the values/,
    ],
    [
      'a truncated file',
      'nrrd-data',
      both(header(), rampBytes.subarray(0, 100)),
      /truncated, it holds 100 bytes, expected 120 bytes by its header \(sizes 5 4 3 of short\)/,
    ],
    [
      'values that do not fit the type',
      'nrrd-data',
      both(header({ type: 'int8' })),
      /holds 120 bytes, expected 60 bytes by its header/,
    ],
    ['packed bytes that are not a stream', 'nrrd-data', both(header({ encoding: 'gzip' })), /does not unpack/],
    [
      'truncated packed bytes',
      'nrrd-data',
      both(header({ encoding: 'gzip' }), gzipSync(rampBytes).subarray(0, 60)),
      /does not unpack/,
    ],
    [
      'too many packed bytes',
      'nrrd-data',
      both(header({ encoding: 'gzip', type: 'int8' }), gzipSync(rampBytes)),
      /unpacks to more bytes/,
    ],
    [
      'more lines to skip than the file has',
      'nrrd-data',
      both(header({ 'line skip': '99' })),
      /found field line skip 99, but only \d+ lines? before the end of the file/,
    ],
    [
      'bytes to skip that are not a number',
      'nrrd-header',
      both(header({ 'byte skip': '1e9' })),
      /field byte skip is "1e9"/,
    ],
    [
      'bytes to skip beyond the file',
      'nrrd-data',
      both(header({ 'byte skip': '999999999' })),
      /truncated, it holds 0 bytes/,
    ],
    ['values in several files', 'nrrd-header', both(header({ 'data file': 'LIST' })), /field data file is "LIST"/],
    [
      'values in numbered files',
      'nrrd-header',
      both(header({ 'data file': 'a%d.raw 1 3 1' })),
      /Values in several files/,
    ],
    [
      'a path out of the folder',
      'nrrd-header',
      both(header({ 'data file': 'a/../../passwd' })),
      /field data file .* own folder/,
    ],
    ['an absolute path', 'nrrd-header', both(header({ 'data file': '/etc/passwd' })), /field data file/],
    [
      'a missing data file',
      'scan-missing',
      both(header({ 'data file': 'gone.raw' })),
      /gone\.raw, the data file of .*: there is no such file/,
    ],
  ];
  it.each(refusals)('refuses %s with %s, naming the file and the field', async (what, code, bytes, message) => {
    const at = path.join(folder, `${what.replaceAll(' ', '-')}.nrrd`);
    await writeFile(at, bytes);
    const error = await readVolume(at, quiet).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'NoduleTrainError', code, message: expect.stringMatching(message) });
  });
});

const plain: Volume = { ...rampVolume, spacing: [0.7, 0.7, 1.25], origin: [-1.5, 2.25, 1e-3] };

describe('writing NRRD', () => {
  it.each(['again.nrrd', 'again.nhdr'])('and reading it back changes nothing: %s', async (name) => {
    const at = path.join(folder, name);
    for (const compress of [true, false]) {
      for (const changes of [{}, { intensity: 'arbitrary' as const }, { spacing: null }]) {
        const volume: Volume = { ...plain, ...changes, voxels: ramp };
        await writeVolume(at, volume, { compress });
        const notes: string[] = [];
        expect(await readVolume(at, { onNote: (text) => notes.push(text) })).toEqual(volume);
        expect(notes).toEqual([]);
      }
    }
    if (name.endsWith('.nhdr')) expect(await readFile(at, 'latin1')).toMatch(/^data file: again\.raw$/m);
  });

  it('keeps labels', async () => {
    const mask = { ...plain, voxels: Uint8Array.from({ length: 60 }, (_, k) => k % 5) };
    await writeMask(path.join(folder, 'mask.nrrd'), mask);
    expect((await readMask(path.join(folder, 'mask.nrrd'))).voxels).toEqual(mask.voxels);
  });
});
