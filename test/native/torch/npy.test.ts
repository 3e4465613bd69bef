import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  arange,
  dtypes,
  fromData,
  loadNpy,
  loadNpySync,
  loadNpz,
  loadNpzSync,
  memory,
  ones,
  saveNpy,
  saveNpySync,
  saveNpz,
  saveNpzSync,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { pythonInterpreter } from '../../support/python.js';
import { scratchFolder } from '../../support/scratch.js';

const python = pythonInterpreter();
const folder = scratchFolder('npy');
const inFolder = (name: string) => path.join(folder, name);

/** A file with this dictionary and this many bytes of data. */
const fileOf = (dictionary: string, dataBytes: number, version = 1): string => {
  const file = inFolder('made.npy');
  const head = Buffer.from(`\x93NUMPY${String.fromCharCode(version, 0)}`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(dictionary.length);
  else length.writeUInt32LE(dictionary.length);
  fs.writeFileSync(file, Buffer.concat([head, length, Buffer.from(dictionary, 'latin1'), Buffer.alloc(dataBytes)]));
  return file;
};
const dictionary = (descr: string, shape: string, order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

describe('npy and npz', () => {
  it('every dtype that NumPy has round-trips, also empty, 0-dim and transposed tensors', async () => {
    const tensors = new Map<string, Tensor>();
    for (const dtype of dtypes)
      if (dtype !== 'bfloat16') tensors.set(dtype, tensor([[0, 1, 1]], { dtype: dtype === 'bool' ? 'uint8' : dtype }));
    tensors.set('bool', tensor([true, false]));
    tensors.set('scalar', tensor(2.5, { dtype: 'float64' }));
    tensors.set('empty', zeros([0, 3]));
    tensors.set('transposed', arange(0, 6).view(2, 3).t());
    const same = (back: Tensor, value: Tensor, name: string) =>
      expect([back.dtype, back.shape, back.toArray()], name).toEqual([value.dtype, value.shape, value.toArray()]);
    for (const [name, value] of tensors) {
      await saveNpy(inFolder('one.npy'), value);
      same(await loadNpy(inFolder('one.npy')), value, name);
      same(loadNpySync(inFolder('one.npy')), value, name);
    }
    for (const compress of [false, true]) {
      await saveNpz(inFolder('all.npz'), tensors, { compress });
      for (const back of [await loadNpz(inFolder('all.npz')), loadNpzSync(inFolder('all.npz'))]) {
        expect([...back.keys()]).toEqual([...tensors.keys()]);
        for (const [name, value] of tensors) same(back.get(name)!, value, name);
      }
    }
  });

  it('bfloat16, which NumPy lacks, is refused with the conversion to use', () => {
    expect(() => saveNpySync(inFolder('b.npy'), ones([1], { dtype: 'bfloat16' }))).toThrow(/to\('float32'\)/);
    expect(() => saveNpzSync(inFolder('b.npz'), { a: ones([1], { dtype: 'bfloat16' }) })).toThrow(/saveNpz: a: NumPy/);
    expect(() => saveNpySync(inFolder('b.npy'), 1 as never)).toThrow(/is number, expected a Tensor/);
    expect(fs.existsSync(inFolder('b.npy'))).toBe(false);
  });

  it.each([
    ['an unknown version', () => fileOf(dictionary("'<f4'", '(1,)'), 4, 9), /version 9\.0/],
    ['a header longer than the file', () => fileOf(dictionary("'<f4'", '(1,)'), 4).slice(0), /./],
    ['an object array', () => fileOf(dictionary("'|O'", '(1,)'), 4), /element type is "'\|O'"/],
    ['a structured type', () => fileOf(dictionary("[('a', '<f4')]", '(1,)'), 4), /header is not of descr/],
    ['text', () => fileOf(dictionary("'<U3'", '(1,)'), 12), /element type/],
    ['unsigned 16 bits', () => fileOf(dictionary("'<u2'", '(1,)'), 2), /expected one of f8,f4/],
    ['a complex type', () => fileOf(dictionary("'<c8'", '(1,)'), 8), /element type/],
    ['a shape that is not a tuple', () => fileOf(dictionary("'<f4'", '1'), 4), /shape is not a tuple/],
    ['a negative size', () => fileOf(dictionary("'<f4'", '(-1,)'), 4), /its shape is/],
    ['a number in parentheses', () => fileOf(dictionary("'<f4'", '(1)'), 4), /its shape is/],
    [
      'a shape whose product overflows',
      () => fileOf(dictionary("'<f4'", '(9007199254740991, 9007199254740991)'), 4),
      /more than any file/,
    ],
    ['65 dimensions', () => fileOf(dictionary("'<f4'", `(${'1, '.repeat(65)})`), 4), /its shape is/],
    ['too little data', () => fileOf(dictionary("'<f4'", '(100,)'), 50), /found 50 bytes of data, expected 400/],
    ['too much data', () => fileOf(dictionary("'<f4'", '(1,)'), 8), /found 8 bytes of data, expected 4/],
    ['an order that is not a boolean', () => fileOf(dictionary("'<f4'", '(1,)', '1'), 4), /neither True nor False/],
    ['a duplicate entry', () => fileOf("{'descr': '<f4', 'descr': '<f4', 'shape': ()}", 4), /descr twice/],
    [
      'an extra entry',
      () => fileOf("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", 4),
      /not of descr/,
    ],
    ['a call instead of a dictionary', () => fileOf("__import__('os').system('true')", 4), /not a dictionary/],
    ['a header of 4 GB', () => fileOf(dictionary("'<f4'", '(1,)'), 4, 2).concat(''), /./],
  ])('refuses %s', (what, make, message) => {
    const file = make();
    if (what.startsWith('a header')) {
      const bytes = fs.readFileSync(file);
      if (bytes[6] === 2) bytes.writeUInt32LE(0xffffffff, 8);
      else bytes.writeUInt16LE(9999, 8);
      fs.writeFileSync(file, bytes);
    }
    const before = memory();
    expect(() => loadNpySync(file)).toThrow(message);
    expect(() => loadNpySync(file)).toThrow(/^reading .*made\.npy: not a valid NumPy array: /);
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  it('refuses an archive whose uncompressed size exceeds the limit, and names the option that raises it', async () => {
    saveNpzSync(inFolder('zeros.npz'), { a: zeros([1 << 20]) }, { compress: true });
    expect(fs.statSync(inFolder('zeros.npz')).size).toBeLessThan(20_000);
    const refused =
      /found 1 arrays of 4194432 bytes in total \(uncompressed\), expected at most 1000000\. .*maxBytes: 4194432/;
    expect(() => loadNpzSync(inFolder('zeros.npz'), { maxBytes: 1e6 })).toThrow(refused);
    expect((await loadNpz(inFolder('zeros.npz'))).get('a')!.shape).toEqual([1 << 20]);
  });

  it('refuses an archive with a damaged byte, a wrong size, or other entries than arrays', async () => {
    saveNpzSync(inFolder('a.npz'), { a: ones([64]) });
    const bytes = fs.readFileSync(inFolder('a.npz'));
    bytes[bytes.indexOf(Buffer.from('NUMPY')) + 200]! ^= 1;
    fs.writeFileSync(inFolder('damaged.npz'), bytes);
    expect(() => loadNpzSync(inFolder('damaged.npz'))).toThrow(/its entry "a\.npy" has a wrong checksum/);
    await expect(loadNpz(inFolder('damaged.npz'))).rejects.toThrow(/its entry "a\.npy" has a wrong checksum/);

    saveNpzSync(inFolder('packed.npz'), { a: zeros([1 << 16]) }, { compress: true });
    const packed = fs.readFileSync(inFolder('packed.npz'));
    const central = packed.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
    // The uncompressed size in the zip64 field behind the name, now too small.
    packed.writeBigUInt64LE(1000n, central + 46 + 'a.npy'.length + 4);
    fs.writeFileSync(inFolder('lying.npz'), packed);
    expect(() => loadNpzSync(inFolder('lying.npz'))).toThrow(/does not unpack to the declared 1000 bytes/);
    await expect(loadNpz(inFolder('lying.npz'))).rejects.toMatchObject({ code: 'zip' });
  });
});

describe.skipIf(python === null)('beside NumPy (skipped without `npm run python`)', () => {
  it('reads files of NumPy: both byte orders, both axis orders, versions 1 to 3, savez and savez_compressed', () => {
    execFileSync(
      python!,
      [
        '-c',
        `
import numpy as np, numpy.lib.format as f
special = [0, 1, -1, 2.5, 1e-40, np.inf, -np.inf, np.nan]
arrays = {}
for kind in 'f8 f4 f2 i8 i4 i2 i1 u1 b1'.split():
    values = np.array(special if kind[0] == 'f' else [0, 1, 2, 3, 4, 5, 6, 7]).astype(kind).reshape(2, 2, 2)
    for order in '<>':
        for layout in 'CF':
            arrays[kind + order + layout] = np.asarray(values, dtype=order + kind, order=layout)
arrays['scalar'] = np.array(2.5)
arrays['empty'] = np.zeros((0, 3), 'f4')
for name, array in arrays.items(): np.save(name + '.npy', array)
np.savez('plain.npz', **arrays)
np.savez_compressed('packed.npz', **arrays)
for version in (1, 2, 3):
    with open(f'version{version}.npy', 'wb') as file: f.write_array(file, np.arange(6).reshape(2, 3), version=(version, 0))
`,
      ],
      { cwd: folder },
    );
    scope(() => {
      const special = [0, 1, -1, 2.5, 1e-40, Infinity, -Infinity, NaN];
      const nested = ([a, b, c, d, e, g, h, i]: unknown[]) => [
        [
          [a, b],
          [c, d],
        ],
        [
          [e, g],
          [h, i],
        ],
      ]; // prettier-ignore
      const wanted: Record<string, [string, unknown[]]> = {
        f8: ['float64', special],
        f4: ['float32', special.map(Math.fround)],
        f2: ['float16', [0, 1, -1, 2.5, 0, Infinity, -Infinity, NaN]],
        i8: ['int64', [0, 1, 2, 3, 4, 5, 6, 7]],
        i4: ['int32', [0, 1, 2, 3, 4, 5, 6, 7]],
        i2: ['int16', [0, 1, 2, 3, 4, 5, 6, 7]],
        i1: ['int8', [0, 1, 2, 3, 4, 5, 6, 7]],
        u1: ['uint8', [0, 1, 2, 3, 4, 5, 6, 7]],
        b1: ['bool', [false, true, true, true, true, true, true, true]],
      };
      const plain = loadNpzSync(inFolder('plain.npz'));
      const packed = loadNpzSync(inFolder('packed.npz'));
      expect(plain.size).toBe(38);
      expect([...packed.keys()]).toEqual([...plain.keys()]);
      for (const name of plain.keys())
        for (const [from, value] of [
          ['npy', loadNpySync(inFolder(`${name}.npy`))],
          ['savez', plain.get(name)!],
          ['savez_compressed', packed.get(name)!],
        ] as const) {
          if (name === 'scalar') expect([value.shape, value.item()]).toEqual([[], 2.5]);
          else if (name === 'empty') expect(value.shape).toEqual([0, 3]);
          else {
            const [dtype, values] = wanted[name.slice(0, 2)]!;
            expect([value.dtype, value.toArray()], `${name} ${from}`).toEqual([dtype, nested(values)]);
            expect(value.strides, `${name} ${from}`).toEqual(name.endsWith('F') ? [1, 2, 4] : [4, 2, 1]);
          }
        }
      for (const version of [1, 2, 3])
        expect(loadNpySync(inFolder(`version${version}.npy`)).toArray()).toEqual([
          [0, 1, 2],
          [3, 4, 5],
        ]);
    });
  });

  it('NumPy opens our files without pickles, in every dtype it has', () => {
    const tensors: Record<string, Tensor> = {};
    for (const dtype of ['float64', 'float32', 'float16', 'int64', 'int32', 'int16', 'int8'] as const)
      tensors[dtype] = tensor([[0, -1, 2]], { dtype });
    tensors.uint8 = fromData(new Uint8Array([[0, 255, 2]].flat()), [1, 3]);
    tensors.bool = tensor([[true, false, true]]);
    tensors.scalar = tensor(7);
    tensors.transposed = arange(0, 6).view(2, 3).t();
    for (const [name, value] of Object.entries(tensors)) saveNpySync(inFolder(`ours-${name}.npy`), value);
    saveNpzSync(inFolder('ours.npz'), tensors);
    saveNpzSync(inFolder('ours-packed.npz'), tensors, { compress: true });
    const out = execFileSync(
      python!,
      [
        '-c',
        `
import json, numpy as np
plain, packed = np.load('ours.npz'), np.load('ours-packed.npz')
print(json.dumps({n: [[str(a.dtype), list(a.shape), a.tolist()] for a in (np.load(f'ours-{n}.npy'), plain[n], packed[n])] for n in plain.files}))`,
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    const seen = JSON.parse(out) as Record<string, unknown[]>;
    expect(Object.keys(seen)).toEqual(Object.keys(tensors));
    for (const [name, value] of Object.entries(tensors)) {
      const { dtype, shape } = value;
      expect(seen[name], name).toEqual(new Array(3).fill([dtype, shape, value.toArray()]));
    }
  });
});
