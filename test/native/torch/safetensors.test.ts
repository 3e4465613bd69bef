import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NoduleTrainError } from '../../../dist/runtime/error.js';
import {
  arange,
  dtypes,
  fromData,
  memory,
  ones,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { loadTensors, loadTensorsSync, saveTensors, saveTensorsSync } from '../../../dist/torch/serialization/index.js';
import { pythonInterpreter } from '../../support/python.js';
import { scratchFolder } from '../../support/scratch.js';
import { described, exampleTensors } from './exampleTensors.js';

const folder = scratchFolder('safetensors');

/** A file with this header text and this many bytes of data. */
const fileOf = (header: string | Buffer, dataBytes: number): string => {
  const file = path.join(folder, `${Math.random()}.safetensors`);
  const head = Buffer.alloc(8);
  const text = Buffer.from(header as string);
  head.writeBigUInt64LE(BigInt(text.length));
  fs.writeFileSync(file, Buffer.concat([head, text, Buffer.alloc(dataBytes)]));
  return file;
};
/** A file of 24 bytes that declares a header of this length. */
const hugeHeader = (length: bigint): string => {
  const file = fileOf('{}', 14);
  const bytes = fs.readFileSync(file);
  bytes.writeBigUInt64LE(length);
  fs.writeFileSync(file, bytes);
  return file;
};
const entry = (shape: number[], begin: number, end: number, dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('every dtype, empty and 0-dim tensors, order and metadata round-trip', async () => {
    const file = path.join(folder, 'all.safetensors');
    const tensors = new Map<string, Tensor>(
      dtypes.map((dtype) => [
        dtype,
        tensor(
          [
            [0, 1, 1],
            [1, 0, 1],
          ],
          { dtype: dtype === 'bool' ? 'uint8' : dtype },
        ),
      ]),
    );
    tensors.set('bool', tensor([true, false]));
    tensors.set('scalar', fromData(new Float64Array([Math.PI]), []));
    tensors.set('empty', zeros([0, 3]));
    tensors.set('transposed', arange(0, 6).view(2, 3).t());
    await saveTensors(file, tensors, { unit: 'HU', 'name with "quotes"': 'ü' });
    const { tensors: back, metadata } = await loadTensors(file);
    expect(metadata).toEqual({ unit: 'HU', 'name with "quotes"': 'ü' });
    expect([...back.keys()]).toEqual([...tensors.keys()]);
    for (const [name, value] of tensors) {
      expect([back.get(name)!.dtype, back.get(name)!.shape], name).toEqual([value.dtype, value.shape]);
      expect(back.get(name)!.toArray(), name).toEqual(value.toArray());
    }
  });

  it('a failed write leaves the old file and no temporary one', async () => {
    const file = path.join(folder, 'kept', 'model.safetensors');
    fs.mkdirSync(path.dirname(file));
    saveTensorsSync(file, { a: ones([2]) });
    const before = fs.readFileSync(file);
    const target = path.join(folder, 'kept', 'folder.safetensors');
    fs.mkdirSync(target);
    await expect(saveTensors(target, { a: ones([2]) })).rejects.toMatchObject({ code: 'write-failed' });
    await expect(saveTensors(file, { a: 1 as never })).rejects.toMatchObject({ code: 'tensors' });
    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(fs.readdirSync(path.dirname(file)).sort()).toEqual(['folder.safetensors', 'model.safetensors']);
  });

  it('refuses a tensor that is written to before the promise resolves, and accepts one that is disposed', async () => {
    const file = path.join(folder, 'moment.safetensors');
    const value = ones([4]);
    const writing = saveTensors(file, { value });
    value.fill_(7);
    await expect(writing).rejects.toMatchObject({ code: 'tensor-changed' });
    expect(fs.existsSync(file)).toBe(false);
    const again = saveTensors(file, { value });
    value.dispose();
    await again;
    expect(loadTensorsSync(file).tensors.get('value')!.toArray()).toEqual([7, 7, 7, 7]);
  });

  it.each([
    ['a header longer than the file', () => fileOf(`{"a":${entry([1], 0, 4)}}`, 0), /ends? at byte/],
    ['invalid JSON', () => fileOf('{"a":', 0), /tensor "a" has no description/],
    [
      'a header that does not end',
      () => fileOf('{"__metadata__":{"a":"b"', 0),
      /not valid JSON: expected , at byte 32/,
    ],
    ['an extra comma', () => fileOf(`{"a":${entry([1], 0, 4)},}`, 4), /not valid JSON/],
    ['something behind the header', () => fileOf(`{"a":${entry([1], 0, 4)}}{`, 4), /not valid JSON/],
    ['a string that is not UTF-8', () => fileOf(Buffer.from('{"\xff":{}}', 'latin1'), 0), /is not UTF-8/],
    ['a string with a line feed', () => fileOf('{"a\n":{}}', 0), /not valid JSON/],
    ['an unknown escape', () => fileOf('{"\\x41":{}}', 0), /not valid JSON/],
    [
      'a name that stands there twice',
      () => fileOf(`{"a":${entry([1], 0, 4)},"\\u0061":${entry([1], 4, 8)}}`, 8),
      /"a" twice/,
    ],
    ['duplicate metadata', () => fileOf('{"__metadata__":{},"__metadata__":{}}', 0), /twice/],
    ['a key of the metadata twice', () => fileOf('{"__metadata__":{"a":"","a":""}}', 0), /metadata has "a" twice/],
    ['a duplicate entry', () => fileOf('{"a":{"dtype":"F32","dtype":"F32"}}', 0), /twice "dtype"/],
    ['an unknown entry', () => fileOf('{"a":{"dtype":"F32","strides":[1]}}', 0), /unknown entry "strides"/],
    ['a tensor without a shape', () => fileOf('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), /no valid shape/],
    [
      'three offsets',
      () => fileOf('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,4]}}', 4),
      /data_offsets: expected at most 2 numbers/,
    ],
    ['a size that is a fraction', () => fileOf(`{"a":${entry([0.5], 0, 4)}}`, 4), /no valid shape/],
    [
      'a size beyond 2^53',
      () => fileOf('{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,0]}}', 0),
      /no valid shape/,
    ],
    ['65 dimensions', () => fileOf(`{"a":${entry(new Array(65).fill(1), 0, 4)}}`, 4), /expected at most 64 numbers/],
    ['an empty shape whose strides overflow', () => fileOf(`{"a":${entry([2 ** 50, 2 ** 50, 0], 0, 0)}}`, 0), /shape/],
    ['offsets that run backwards', () => fileOf(`{"a":${entry([1], 8, 4)}}`, 8), /has -4 bytes/],
    ['a tensor that ends outside of the file', () => fileOf(`{"a":${entry([1 << 20], 0, 4 << 20)}}`, 8), /end at byte/],
    [
      'a header of 2^63 bytes',
      () => hugeHeader(2n ** 63n),
      /its header has 9223372036854776000 bytes, the format allows 100000000/,
    ],
    ['a header of 90 MB in a small file', () => hugeHeader(90_000_000n), /the file only 24/],
    ['a bomb of nested lists', () => fileOf('['.repeat(1e6), 0), /not a JSON object/],
    ['a bomb of lists in a shape', () => fileOf(`{"a":{"shape":${'['.repeat(1e6)}`, 0), /no valid shape/],
    [
      'a bomb of empty tensors',
      () => fileOf(`{${Array.from({ length: 70_000 }, (_, i) => `"${i}":${entry([0], 0, 0)}`)}}`, 0),
      /more memory/,
    ],
    ['a list for a header', () => fileOf('[]', 0), /not a JSON object/],
    ['a hole', () => fileOf(`{"a":${entry([1], 4, 8)}}`, 8), /hole or an overlap/],
    ['an overlap', () => fileOf(`{"a":${entry([2], 0, 8)},"b":${entry([1], 4, 8)}}`, 8), /hole or an overlap/],
    ['bytes behind the last tensor', () => fileOf(`{"a":${entry([1], 0, 4)}}`, 8), /truncated or has extra bytes/],
    ['a shape that does not fit its bytes', () => fileOf(`{"a":${entry([3], 0, 8)}}`, 8), /shape \[3\]/],
    ['a shape whose product overflows', () => fileOf(`{"a":${entry([2 ** 40, 2 ** 40], 0, 8)}}`, 8), /shape/],
    ['a negative size', () => fileOf(`{"a":${entry([-1], 0, 4)}}`, 4), /no valid shape/],
    ['an unknown dtype', () => fileOf(`{"a":${entry([1], 0, 4, 'toString')}}`, 4), /dtype "toString"/],
    ['metadata that is not a string', () => fileOf('{"__metadata__":{"epoch":1}}', 0), /metadata "epoch"/],
  ])('refuses %s', (_, make, message) => {
    const file = make();
    const before = memory();
    let text = '';
    try {
      loadTensorsSync(file);
    } catch (error) {
      text = `${(error as NoduleTrainError).code} ${(error as Error).message}`;
    }
    expect(text).toMatch(message);
    expect(text).toMatch(/^safetensors /);
    expect(text.length, 'one line').toBeLessThan(600);
    expect(text).not.toContain('\n');
    expect(memory(), 'nothing is left').toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  it('reads 256 MiB into 256 MiB, without a second copy', () => {
    const file = fileOf(`{"a":${entry([1 << 26], 0, 1 << 28)}}`, 0);
    fs.truncateSync(file, fs.statSync(file).size + (1 << 28));
    const peak = () => process.resourceUsage().maxRSS * 1024;
    const before = process.memoryUsage().rss;
    const { tensors } = loadTensorsSync(file);
    expect(tensors.get('a')!.numel).toBe(1 << 26);
    expect(peak() - before).toBeLessThan((1 << 28) + (1 << 26));
    tensors.get('a')!.dispose();
    fs.rmSync(file);
  });

  it('refuses a missing, an empty and a truncated file with one clear error', async () => {
    await expect(loadTensors(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'read-failed' });
    const file = path.join(folder, 'cut.safetensors');
    saveTensorsSync(file, { a: ones([100]) });
    for (const length of [0, 7, 20, 300]) {
      fs.truncateSync(file, length);
      expect(() => loadTensorsSync(file)).toThrow(/^reading .*: not a valid safetensors file/);
      saveTensorsSync(file, { a: ones([100]) });
    }
  });
});

const python = pythonInterpreter();

describe.skipIf(python === null)('beside the Python library (skipped without `npm run python`)', () => {
  it('every dtype crosses both ways bit by bit, with metadata', () => {
    scope(() => {
      const tensors = exampleTensors();
      saveTensorsSync(path.join(folder, 'ours.safetensors'), tensors, { unit: 'HU', ü: '"' });
      const out = execFileSync(
        python!,
        [
          '-c',
          `
import json, torch
from safetensors import safe_open
from safetensors.torch import save_file
with safe_open('ours.safetensors', 'pt') as file:
    tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()
save_file(tensors, 'theirs.safetensors', metadata)
print(json.dumps({name: [str(t.dtype)[6:], list(t.shape), t.contiguous().reshape(-1).view(torch.uint8).tolist()] for name, t in tensors.items()}))`,
        ],
        { cwd: folder, encoding: 'utf8' },
      );
      const { tensors: back, metadata } = loadTensorsSync(path.join(folder, 'theirs.safetensors'));
      expect(metadata).toEqual({ unit: 'HU', ü: '"' });
      const seen = JSON.parse(out) as Record<string, [string, number[], number[]]>;
      expect(Object.keys(seen).sort()).toEqual([...tensors.keys()].sort());
      for (const [name, value] of tensors) {
        expect(seen[name], name).toEqual(described(value));
        expect(described(back.get(name)!), name).toEqual(described(value));
      }
    });
  });
});
