import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  identityDirection,
  indexIRC,
  indexToWorld,
  type MaskVolume,
  readMask,
  readVolume,
  type Vector3,
  type Volume,
  worldLPS,
  worldToIndex,
  writeMask,
  writeVolume,
} from '../../../dist/ct/index.js';
import { largestDifference, valuesOf } from '../../support/goldenScans.js';
import { inGolden } from '../../support/paths.js';
import { ramp, rampVolume } from '../../support/rampVolume.js';
import { scratchFolder } from '../../support/scratch.js';

const golden = inGolden('metaimage');
const expected = JSON.parse(await readFile(join(golden, 'expected.json'), 'utf8'));
const folder = scratchFolder('meta-image');

const header = (fields: Record<string, string | number | undefined> = {}) => {
  const all = {
    ObjectType: 'Image',
    NDims: 3,
    BinaryData: 'True',
    CompressedData: 'False',
    ElementSpacing: '1 1 2',
    DimSize: '5 4 3',
    ElementType: 'MET_SHORT',
    ...fields,
  };
  const { ElementDataFile = 'LOCAL', ...rest } = all as Record<string, string | number | undefined>;
  const lines = Object.entries({ ...rest, ElementDataFile }).filter(([, value]) => value !== undefined);
  return lines.map(([key, value]) => `${key} = ${value}\n`).join('');
};
const write = async (name: string, ...parts: (string | Uint8Array)[]) => {
  const path = join(folder, name);
  await writeFile(path, Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array))));
  return path;
};
const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

describe('reading MetaImage', () => {
  it.each(expected.cases.map((one: { file: string }) => [one.file, one]))(
    'gives the voxels and positions of SimpleITK: %s',
    async (file, one) => {
      const volume = await readVolume(join(golden, file));
      expect(volume.shape).toEqual(expected.shape);
      expect([...volume.voxels]).toEqual(one.voxels);
      expect([volume.scale, volume.offset]).toEqual([1, 0]);
      expect(volume.spacing).toEqual(one.spacing);
      expect(volume.origin).toEqual(one.origin);
      expect(volume.direction).toEqual(one.direction);
      for (const { irc, lps } of one.world) {
        expect(largestDifference(indexToWorld(volume, indexIRC(...(irc as Vector3))), lps)).toBeLessThan(1e-9);
        expect(largestDifference(worldToIndex(volume, worldLPS(...(lps as Vector3))), irc)).toBeLessThan(1e-9);
      }
    },
  );

  it('assumes HU for signed types and arbitrary for unsigned and 8-bit ones, unless the header or the caller says otherwise', async () => {
    const intensity = async (name: string) => (await readVolume(join(golden, name))).intensity;
    expect(await intensity('int16.mha')).toBe('hu');
    expect(await intensity('uint8.mha')).toBe('arbitrary');
    expect(await intensity('uint16.mha')).toBe('arbitrary');
    expect(await intensity('float32.mha')).toBe('arbitrary');
    expect((await readVolume(join(golden, 'uint8.mha'), { intensity: 'hu' })).intensity).toBe('hu');
    const mr = await write('mr.mha', header({ Modality: 'MET_MOD_MR' }), bytesOf(ramp));
    expect((await readVolume(mr)).intensity).toBe('arbitrary');
    const air = await write('air.mha', header({ ElementType: 'MET_FLOAT' }), bytesOf(Float32Array.from(ramp)));
    expect((await readVolume(air)).intensity).toBe('hu');
  });

  it('names the series after the file, and leaves a missing spacing unknown', async () => {
    const path = await write('1.2.840.7.mha', header({ ElementSpacing: undefined }), bytesOf(ramp));
    const { uid, spacing, direction } = await readVolume(path);
    expect({ uid, spacing, direction }).toEqual({ uid: '1.2.840.7', spacing: null, direction: identityDirection });
  });

  it('keeps values beyond int16 to range / 65,535, with one note', async () => {
    const values = Float64Array.from({ length: 60 }, (_, k) => (k - 20) * 3333.3);
    const path = await write('wide.mha', header({ ElementType: 'MET_DOUBLE' }), bytesOf(values));
    const notes: string[] = [];
    const volume = await readVolume(path, { onNote: (text) => notes.push(text) });
    const bound = (59 * 3333.3) / 65535;
    expect(largestDifference(valuesOf(volume), values)).toBeLessThanOrEqual(bound);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/wide\.mha: int16 cannot hold/);
    expect(notes[1]).toMatch(/does not say whether its values are Hounsfield units/);
  });

  const refusals: [string, string, () => Promise<string>, RegExp][] = [
    ['a missing file', 'scan-missing', async () => join(folder, 'none.mhd'), /none\.mhd: there is no such file/],
    [
      'a header without its data',
      'scan-missing',
      () => write('alone.mhd', header({ ElementDataFile: 'alone.raw' })),
      /alone\.raw, the ElementDataFile of .*alone\.mhd: there is no such file/,
    ],
    ['a folder', 'scan-missing', () => makeFolder(), /not a file/],
    [
      'a file of another kind',
      'metaimage-header',
      () => write('png.mha', '\x89PNG\r\n\x1a\n'),
      /line 1 .* not a MetaImage file/,
    ],
    ['an empty file', 'metaimage-header', () => write('empty.mhd', ''), /ElementDataFile is missing/],
    [
      'an unknown element type',
      'metaimage-header',
      () => write('type.mha', header({ ElementType: 'MET_HALF' })),
      /field ElementType is "MET_HALF", expected one of MET_CHAR/,
    ],
    [
      'a missing element type',
      'metaimage-header',
      () => write('type2.mha', header({ ElementType: undefined })),
      /field ElementType is missing/,
    ],
    [
      'two dimensions',
      'metaimage-header',
      () => write('flat.mha', header({ NDims: 2, DimSize: '5 4' })),
      /field NDims is 2/,
    ],
    [
      'a size of zero',
      'metaimage-header',
      () => write('zero.mha', header({ DimSize: '5 0 3' })),
      /field DimSize is "5 0 3"/,
    ],
    [
      'a size that is not a number',
      'metaimage-header',
      () => write('nan.mha', header({ DimSize: '5 x 3' })),
      /field DimSize is "5 x 3"/,
    ],
    [
      'a missing size',
      'metaimage-header',
      () => write('nosize.mha', header({ DimSize: undefined })),
      /field DimSize is missing/,
    ],
    [
      'a size beyond memory',
      'metaimage-header',
      () => write('huge.mha', header({ DimSize: '999999 999999 999999' })),
      /field DimSize/,
    ],
    [
      'a large size in a small file',
      'metaimage-data',
      () => write('liar.mha', header({ DimSize: '2000 1000 500' }), bytesOf(ramp)),
      /truncated, it holds 120 bytes, expected 2000000000 bytes by its header/,
    ],
    [
      'a large size in a small packed file',
      'metaimage-data',
      () => write('bomb.mha', header({ DimSize: '2000 1000 500', CompressedData: 'True' }), bytesOf(ramp)),
      /cannot hold the values/,
    ],
    [
      'a truncated LOCAL',
      'metaimage-data',
      () => write('short.mha', header(), bytesOf(ramp).slice(0, 100)),
      /truncated, it holds 100 bytes, expected 120 bytes by its header/,
    ],
    [
      'data that does not fit the type',
      'metaimage-data',
      () => write('long.mha', header({ ElementType: 'MET_CHAR' }), bytesOf(ramp)),
      /holds 120 bytes, expected 60 bytes by its header .*ElementType/,
    ],
    [
      'packed bytes that are not a stream',
      'metaimage-data',
      () => write('junk.mha', header({ CompressedData: 'True' }), bytesOf(ramp)),
      /does not unpack/,
    ],
    [
      'a negative spacing',
      'metaimage-header',
      () => write('space.mha', header({ ElementSpacing: '1 -1 2' })),
      /field ElementSpacing is "1 -1 2"/,
    ],
    [
      'a shear',
      'scan-axes',
      () => write('shear.mha', header({ TransformMatrix: '1 0 0 0.1 1 0 0 0 1' }), bytesOf(ramp)),
      /field TransformMatrix .* deviate from orthonormal by 0\.1/,
    ],
    [
      'values as text',
      'metaimage-header',
      () => write('text.mha', header({ BinaryData: 'False' })),
      /field BinaryData/,
    ],
    [
      'colours',
      'metaimage-header',
      () => write('rgb.mha', header({ ElementNumberOfChannels: 3 })),
      /field ElementNumberOfChannels is 3/,
    ],
    [
      'a path out of the folder',
      'metaimage-header',
      () => write('out.mhd', header({ ElementDataFile: 'a/../../passwd' })),
      /field ElementDataFile .* own folder/,
    ],
    [
      'an absolute path',
      'metaimage-header',
      () => write('abs.mhd', header({ ElementDataFile: '/etc/passwd' })),
      /field ElementDataFile/,
    ],
    [
      'a scan in many files',
      'metaimage-header',
      () => write('list.mhd', header({ ElementDataFile: 'LIST' })),
      /field ElementDataFile is "LIST"/,
    ],
    [
      'NaN',
      'voxel-not-finite',
      () =>
        write(
          'hole.mha',
          header({ ElementType: 'MET_FLOAT' }),
          bytesOf(Float32Array.from({ length: 60 }, (_, k) => (k < 47 ? k : Number.NaN))),
        ),
      /voxel \[index 2, row 1, column 2\] is NaN/,
    ],
    [
      'infinity',
      'voxel-not-finite',
      () => write('inf.mha', header({ ElementType: 'MET_FLOAT' }), bytesOf(new Float32Array(60).fill(-Infinity, 5))),
      /voxel \[index 0, row 1, column 0\] is -Infinity/,
    ],
    [
      'another format',
      'scan-format',
      async () => {
        const path = join(folder, 'scan.png');
        await writeFile(path, 'x');
        return path;
      },
      /extension is "\.png", expected one of \.mhd, \.mha/,
    ],
  ];
  const makeFolder = async () => {
    const path = join(folder, 'folder.mhd');
    await mkdir(path, { recursive: true });
    return path;
  };

  it.each(refusals)('refuses %s with %s, naming the file and the field', async (_what, code, make, message) => {
    const path = await make();
    const error = await readVolume(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'NoduleTrainError', code, message: expect.stringMatching(message) });
  });

  it('refuses a truncated .raw and .zraw', async () => {
    const volume: Volume = { ...plain, voxels: ramp };
    for (const [name, data, compress] of [
      ['cut.mhd', 'cut.raw', false],
      ['cutz.mhd', 'cutz.zraw', true],
    ] as const) {
      await writeVolume(join(folder, name), volume, { compress });
      const bytes = await readFile(join(folder, data));
      await writeFile(join(folder, data), bytes.subarray(0, bytes.length - 10));
      await expect(readVolume(join(folder, name))).rejects.toThrow(new RegExp(`${data}.*truncated`));
    }
  });
});

const plain: Volume = { ...rampVolume, spacing: [0.7, 0.7, 1.25], origin: [-1.5, 2.25, 1e-3] };

describe('writing MetaImage', () => {
  it.each(['again.mha', 'again.mhd'])(
    'and reading it back changes nothing: %s, packed or not, HU or not',
    async (name) => {
      for (const compress of [true, false]) {
        for (const volume of [
          { ...plain, voxels: ramp },
          { ...plain, voxels: ramp, intensity: 'arbitrary' as const, spacing: null },
        ]) {
          await writeVolume(join(folder, name), volume, { compress });
          expect(await readVolume(join(folder, name))).toEqual(volume);
        }
      }
    },
  );

  it('keeps scaled values, and leaves no temporary file behind', async () => {
    const path = join(folder, 'scaled.mha');
    const volume: Volume = { ...plain, uid: 'scaled', voxels: ramp, scale: 0.5, offset: 0.25 };
    await writeVolume(path, volume);
    const read = await readVolume(path, { onNote: () => {} });
    const error = (59 * 40 * 0.5) / 65535;
    expect(largestDifference(valuesOf(read), valuesOf(volume))).toBeLessThanOrEqual(error);
    expect((await readdir(folder)).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('keeps masks, and reads labels of any integer type', async () => {
    const mask: MaskVolume = { ...plain, uid: 'mask', voxels: Uint8Array.from({ length: 60 }, (_, k) => k % 5) };
    const { shape, spacing, origin, direction, voxels, uid } = mask;
    await writeMask(join(folder, 'mask.mhd'), mask);
    expect(await readMask(join(folder, 'mask.mhd'))).toEqual({ shape, spacing, origin, direction, voxels, uid });
    const shorts = await write('shorts.mha', header(), bytesOf(Int16Array.from(mask.voxels)));
    expect((await readMask(shorts)).voxels).toEqual(mask.voxels);
    const scan = await write('scan.mha', header(), bytesOf(ramp));
    await expect(readMask(scan)).rejects.toMatchObject({
      code: 'mask-value',
      message: expect.stringContaining('-1024'),
    });
  });

  it('refuses a missing folder, a shape that does not fit, and a format that is only read', async () => {
    const volume: Volume = { ...plain, voxels: ramp };
    await expect(writeVolume(join(folder, 'no/such/a.mha'), volume)).rejects.toMatchObject({ code: 'scan-write' });
    await expect(writeVolume(join(folder, 'a.mha'), { ...volume, shape: [3, 4, 6] })).rejects.toMatchObject({
      code: 'scan-shape',
      message: expect.stringContaining('60 voxels'),
    });
    await expect(writeVolume(join(folder, 'a.dcm'), volume)).rejects.toMatchObject({ code: 'scan-format' });
  });
});
