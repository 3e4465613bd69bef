import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arange, dtypes, fromData, ones, type Tensor, tensor, zeros } from '../../dist/torch/index.js';
import { loadTensors, loadTensorsSync, saveTensors, saveTensorsSync } from '../../dist/torch/serialization/index.js';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'safetensors-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** A file with this header text and so many bytes of data. */
const fileOf = (header: string, dataBytes: number): string => {
  const file = path.join(folder, `${Math.random()}.safetensors`);
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  fs.writeFileSync(file, Buffer.concat([head, Buffer.from(header), Buffer.alloc(dataBytes)]));
  return file;
};
const entry = (shape: number[], begin: number, end: number, dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('every dtype, empty and 0-dim tensors, order and metadata come back', async () => {
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

  it('saves the values of the moment of the call', async () => {
    const file = path.join(folder, 'moment.safetensors');
    const value = ones([4]);
    const writing = saveTensors(file, { value });
    value.fill_(7);
    await writing;
    expect(loadTensorsSync(file).tensors.get('value')!.toArray()).toEqual([1, 1, 1, 1]);
  });

  it.each([
    ['a header longer than the file', () => fileOf(`{"a":${entry([1], 0, 4)}}`, 0), /ends? at byte/],
    ['no JSON', () => fileOf('{"a":', 0), /no JSON/],
    ['a list for a header', () => fileOf('[]', 0), /no JSON object/],
    ['a hole', () => fileOf(`{"a":${entry([1], 4, 8)}}`, 8), /hole or an overlap/],
    ['an overlap', () => fileOf(`{"a":${entry([2], 0, 8)},"b":${entry([1], 4, 8)}}`, 8), /hole or an overlap/],
    ['bytes behind the last tensor', () => fileOf(`{"a":${entry([1], 0, 4)}}`, 8), /something follows/],
    ['a shape that does not fit its bytes', () => fileOf(`{"a":${entry([3], 0, 8)}}`, 8), /shape \[3\]/],
    ['a shape whose product overflows', () => fileOf(`{"a":${entry([2 ** 40, 2 ** 40], 0, 8)}}`, 8), /shape/],
    ['a negative size', () => fileOf(`{"a":${entry([-1], 0, 4)}}`, 4), /no valid shape/],
    ['an unknown dtype', () => fileOf(`{"a":${entry([1], 0, 4, 'toString')}}`, 4), /dtype "toString"/],
    ['metadata that is no string', () => fileOf('{"__metadata__":{"epoch":1}}', 0), /metadata epoch/],
  ])('refuses %s', (_, make, message) => {
    expect(() => loadTensorsSync(make())).toThrow(message);
  });

  it('refuses a missing, an empty and a cut-off file by one clear error', async () => {
    await expect(loadTensors(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'read-failed' });
    const file = path.join(folder, 'cut.safetensors');
    saveTensorsSync(file, { a: ones([100]) });
    for (const length of [0, 7, 20, 300]) {
      fs.truncateSync(file, length);
      expect(() => loadTensorsSync(file)).toThrow(/is no valid safetensors file/);
      saveTensorsSync(file, { a: ones([100]) });
    }
  });
});
