import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  loadPt,
  loadPtSync,
  loadTensorsSync,
  ones,
  ops,
  saveTensorsSync,
  Tensor,
  weightsFormatOf,
} from '../../../dist/torch/index.js';
import { pythonInterpreter } from '../../support/python.js';
import { scratchFolder } from '../../support/scratch.js';

const python = pythonInterpreter();
const folder = scratchFolder('pt-values');
const file = (name: string) => path.join(folder, name);

/** Values of Python, and how they are read. A Tensor is its dtype, shape and values (by a wider dtype). */
const VALUES: [code: string, expected: unknown][] = [
  ['np.float64(1.5)', 1.5],
  ['np.float32(0.5)', 0.5],
  ['np.float16(-2.5)', -2.5],
  ['np.float16("inf")', Number.POSITIVE_INFINITY],
  ['np.int64(-7)', -7],
  ['np.int64(2**60)', 2n ** 60n],
  ['np.uint8(200)', 200],
  ['np.uint64(2**63)', 2n ** 63n],
  ['np.bool_(True)', true],
  ['np.complex128(1-2j)', { re: 1, im: -2 }],
  ['np.str_("Läsion")', 'Läsion'],
  ['np.bytes_(b"ab")', Uint8Array.of(97, 98)],
  ['np.dtype("float32")', 'float32'],
  ['np.arange(6, dtype=np.float32).reshape(2, 3)', ['float32', [2, 3], [0, 1, 2, 3, 4, 5]]],
  ['np.asfortranarray(np.arange(6.).reshape(2, 3))', ['float64', [2, 3], [0, 1, 2, 3, 4, 5]]],
  ['np.arange(3, dtype=">i4")', ['int32', [3], [0, 1, 2]]],
  ['np.array([True, False])', ['bool', [2], [1, 0]]],
  ['np.array(3.5)', ['float64', [], [3.5]]],
  ['np.zeros((2, 0))', ['float64', [2, 0], []]],
  ['collections.Counter({"a": 2})', new Map([['a', 2]])],
  ['collections.OrderedDict(a=1)', new Map([['a', 1]])],
  [
    '{1: "a", (2, "b"): 3, None: 4, True: 5}',
    new Map<unknown, unknown>([
      [1, 5],
      [[2, 'b'], 3],
      [null, 4],
    ]),
  ],
  ['{1, 2}', new Set([1, 2])],
  ['frozenset([1])', new Set([1])],
  ['1 + 2j', { re: 1, im: 2 }],
  ['bytearray(b"abc")', Uint8Array.of(97, 98, 99)],
  ['b"\\xff\\x00"', Uint8Array.of(255, 0)],
  ['b""', new Uint8Array()],
  [
    '{1 + 2j: 1, torch.float32: 2}',
    new Map<unknown, unknown>([
      [{ re: 1, im: 2 }, 1],
      ['float32', 2],
    ]),
  ],
  ['torch.Size([2, 3])', [2, 3]],
  ['torch.device("cuda:1")', 'cuda:1'],
  ['torch.float8_e5m2', 'float8_e5m2'],
  ['torch.strided', 'strided'],
  ['T.storage()', ['float32', [6], [0, 1, 2, 3, 4, 5]]],
  ['torch.ones(2, dtype=torch.uint8).untyped_storage()', ['uint8', [2], [1, 1]]],
  ['torch.nn.Buffer(T)', ['float32', [2, 3], [0, 1, 2, 3, 4, 5]]],
  ['torch.nn.Parameter(T)', ['float32', [2, 3], [0, 1, 2, 3, 4, 5]]],
  ['with_attribute(torch.nn.Parameter(T))', ['float32', [2, 3], [0, 1, 2, 3, 4, 5]]],
  ['torch._neg_view(T)', ['float32', [2, 3], [-0, -1, -2, -3, -4, -5]]],
  ...(
    ['float8_e4m3fn', 'float8_e5m2', 'float8_e4m3fnuz', 'float8_e5m2fnuz', 'uint16', 'uint32', 'uint64'] as const
  ).map((dtype): [string, unknown] => [`T.to(torch.${dtype})`, [dtype, [2, 3], [0, 1, 2, 3, 4, 5]]]),
  ['T.to(torch.uint16)[:, 1:]', ['uint16', [2, 2], [1, 2, 4, 5]]],
];

/** Values that PyTorch reads too, but that have no values in memory, and those that it refuses. */
const REFUSED: [code: string, name: RegExp][] = [
  ['torch.quantize_per_tensor(T, 0.1, 0, torch.quint8)', /_rebuild_qtensor.*but a quantized tensor/],
  ['T.to_sparse()', /_rebuild_sparse_tensor.*but a sparse tensor \(save tensor\.to_dense\(\)\)/],
  ['T.to("meta")', /a tensor without values, of the meta device/],
  ['np.array([1, "a"], dtype=object)', /an array of Python objects/],
  ['np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])', /a structured array of NumPy/],
  ['np.datetime64("2020-01-01")', /dtype "M8"/],
  ['np.array(["a", "b"])', /dtype "U1"/],
  ['argparse.Namespace(lr=1)', /names argparse\.Namespace, which is not plain data but the arguments of a training/],
  ['pathlib.PurePosixPath("/home/someone")', /names pathlib\.\S*, which is not plain data but a path/],
  ['torch.nn.Linear(1, 1)', /names torch\.nn\.modules\.linear\.Linear, .* but a whole model or layer/],
  ['collections.defaultdict(list)', /names collections\.defaultdict/],
  ['datetime.datetime(2020, 1, 1)', /names datetime\.datetime, which is not plain data but a date/],
  ['functools.partial(print)', /names functools\.partial/],
];

const values = (tensor: Tensor): number[] => {
  const wide = tensor.dtype === 'uint64' ? 'int64' : 'float64';
  return (
    tensor
      .to(wide as 'float64')
      .contiguous()
      .flatten()
      .toArray() as (number | boolean)[]
  ).map(Number);
};

/** Replaces Tensors by what VALUES gives of them. */
const plain = (value: unknown): unknown =>
  value instanceof Tensor ? [value.dtype, value.shape, values(value)] : value;

describe.skipIf(python === null)('values of torch.save (skipped without the pinned Python environment)', () => {
  beforeAll(() => {
    const lines = [...VALUES, ...REFUSED].map(
      ([code], n) =>
        `torch.save(${code}, '${n}.pt'); torch.save({'x': [${code}]}, '${n}-legacy.pt', _use_new_zipfile_serialization=False)`,
    );
    const set = `
import torch, numpy as np, collections, argparse, pathlib, datetime, functools, warnings
warnings.simplefilter('ignore')
T = torch.arange(6.).reshape(2, 3)
def with_attribute(p):
    p.tag = 1
    return p
`;
    execFileSync(python!, ['-c', `${set}${lines.join('\n')}`], { cwd: folder });
  });

  it.each(VALUES.map(([code, expected], n) => [code, expected, n] as const))('%s is read', async (_, expected, n) => {
    expect(plain(loadPtSync(file(`${n}.pt`)))).toEqual(expected);
    const { x } = Object.fromEntries((await loadPt(file(`${n}-legacy.pt`))) as Map<string, unknown[]>);
    expect(plain(x![0])).toEqual(expected);
  });

  it.each(REFUSED.map(([code, name], n) => [code, name, n] as const))('%s is refused by name', (_, name, n) => {
    expect(() => loadPtSync(file(`${VALUES.length + n}.pt`))).toThrow(name);
    expect(() => loadPtSync(file(`${VALUES.length + n}-legacy.pt`))).toThrow(name);
  });

  it('agrees with torch.load(weights_only=True) on what can be read, apart from what is listed here', () => {
    const more = VALUES.flatMap(([code], n) => (/^np\.|frozenset|b""/.test(code) ? [] : [`${n}.pt`]));
    const code = `
import sys, torch, warnings
warnings.simplefilter('ignore')
for name in ${JSON.stringify(more)}: torch.load(name, weights_only=True)
print('all')`;
    expect(execFileSync(python!, ['-c', code], { cwd: folder, encoding: 'utf8' })).toBe('all\n');
  });

  it('with zero bytes at the end, which some storage systems append, is read', () => {
    const at = VALUES.findIndex(([code]) => code === 'T.storage()');
    const whole = fs.readFileSync(file(`${at}.pt`));
    for (const zeros of [1, 22, 4096, 200_000]) {
      fs.writeFileSync(file('padded.pt'), Buffer.concat([whole, Buffer.alloc(zeros)]));
      expect(plain(loadPtSync(file('padded.pt')))).toEqual(VALUES[at]![1]);
    }
    fs.writeFileSync(file('padded.pt'), Buffer.concat([whole, Buffer.from('other bytes behind the archive')]));
    expect(plain(loadPtSync(file('padded.pt')))).toEqual(VALUES[at]![1]);
    fs.writeFileSync(file('zeros.pt'), Buffer.alloc(100_000));
    expect(() => loadPtSync(file('zeros.pt'))).toThrow(/reading \S*zeros\.pt: /);
  });
});

describe.skipIf(python === null)(
  'a file of a big-endian machine (skipped without the pinned Python environment)',
  () => {
    const make = (code: string) => `
import torch, zipfile
torch.save(${code}, 'whole.pt')
for method, name in ((0, 'big.pt'), (8, 'packed.pt')):
    with zipfile.ZipFile(name, 'w', method) as made, zipfile.ZipFile('whole.pt') as whole:
        for entry in whole.namelist():
            made.writestr(entry, b'big' if entry.endswith('byteorder') else whole.read(entry))
`;
    const run = (code: string): string => execFileSync(python!, ['-c', code], { cwd: folder, encoding: 'utf8' });

    it('has its values turned as torch.load does', () => {
      const kinds =
        "{str(d): torch.tensor([1, 0, 77]).to(getattr(torch, d)) for d in 'float32 int64 bool complex64'.split()}";
      const load = `
read = torch.load('big.pt')
torch.save({k: v.clone() for k, v in read.items()}, 'little.pt')
`;
      run(make(kinds) + load);
      const expected = loadPtSync(file('little.pt')) as Map<string, Tensor>;
      for (const name of ['big.pt', 'packed.pt'])
        for (const [kind, tensor] of loadPtSync(file(name)) as Map<string, Tensor>) {
          const bytes = (of: Tensor) => (of.dtype === 'complex64' ? ops.view_as_real(of) : of).contiguous().data();
          expect(tensor.dtype, name).toBe(kind);
          expect([...bytes(tensor)], `${name}: ${kind}`).toEqual([...bytes(expected.get(kind)!)]);
        }
    });

    it('is refused where torch.load reads other values', () => {
      run(make('torch.tensor([1]).to(torch.uint16)'));
      expect(() => loadPtSync(file('big.pt'))).toThrow(/a tensor of uint16 was written on a big-endian machine/);
    });
  },
);

describe('a file of another format', () => {
  it('safetensors whose header is as long as a pickle or a web page begins is read', () => {
    for (const length of [0x280, 0x380, 0x3c, 0x13c, 0x8b1f]) {
      const header = JSON.stringify({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }).padEnd(length);
      const head = Buffer.alloc(8);
      head.writeBigUInt64LE(BigInt(length));
      fs.writeFileSync(file('length.safetensors'), Buffer.concat([head, Buffer.from(header), Buffer.alloc(4)]));
      expect(loadTensorsSync(file('length.safetensors')).tensors.size, `${length} bytes`).toBe(1);
      expect(weightsFormatOf(file('length.safetensors'))).toBe('safetensors');
    }
  });

  it('is named by its content', () => {
    saveTensorsSync(file('weights.ckpt'), { a: ones([2]) });
    expect(() => loadPtSync(file('weights.ckpt'))).toThrow(/found a safetensors file \(read it with loadTensors\)/);
    const starts: [string, number[], RegExp][] = [
      ['zip.safetensors', [0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0], /found a zip archive, as torch\.save writes/],
      [
        'pickle.safetensors',
        [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9],
        /found a pickle, as torch\.save wrote/,
      ],
      ['page.safetensors', [...Buffer.from('<!DOCTYPE html>')], /a web page or XML, as a failed download leaves/],
      ['lfs.safetensors', [...Buffer.from('version https://git-lfs')], /a pointer of Git LFS\. Run/],
    ];
    for (const [name, bytes, text] of starts) {
      fs.writeFileSync(file(name), Uint8Array.from(bytes));
      expect(() => loadTensorsSync(file(name)), name).toThrow(text);
    }
  });

  it('safetensors with a dtype that is not supported is not called damaged', () => {
    for (const dtype of ['F8_E4M3', 'F8_E5M2', 'F8_E8M0', 'U16', 'U32', 'U64', 'F4', 'F6_E2M3', 'C64']) {
      const header = Buffer.from(
        JSON.stringify({ 'a.weight': { dtype, shape: [1], data_offsets: [0, 1] } }).padEnd(96),
      );
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      fs.writeFileSync(file('odd.safetensors'), Buffer.concat([length, header, Buffer.alloc(1)]));
      const load = () => loadTensorsSync(file('odd.safetensors'));
      expect(load).toThrow(`tensor "a.weight" has the unsupported dtype ${dtype} (`);
      expect(load).not.toThrow('not a valid safetensors file');
    }
  });
});
