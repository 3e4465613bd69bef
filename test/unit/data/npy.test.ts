import { readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mapNpy, writeNpy } from '../../../dist/torch/serialization/npy/npyArray.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const folder = scratchFolderPerTest('npy');
const path = join(folder, 'array.npy');

describe('an array on disk', () => {
  it('is read back with its type and shape', async () => {
    for (const [shape, data] of [
      [[2, 3], Int16Array.from([1, -2, 32767, -32768, 0, 5])],
      [[4], Int32Array.from([1, -1, 2 ** 31 - 1, 0])],
      [[1, 1, 2], Uint8Array.from([0, 255])],
      [[0], new Int32Array(0)],
    ] as const) {
      await rm(path, { force: true });
      await writeNpy(path, shape, data);
      expect(mapNpy(path)).toEqual({ shape: [...shape], data });
    }
  });

  it('that is truncated is refused with the bytes found and expected', async () => {
    await writeNpy(path, [100], new Int16Array(100));
    await truncate(path, 128 + 50);
    expect(() => mapNpy(path)).toThrow('found 50 bytes of data, expected 200 for the shape [100]');
  });

  it('is mapped: writes do not reach the file, and a deleted file stays readable', async () => {
    await writeNpy(path, [3], Int16Array.from([1, 2, 3]));
    const before = await readFile(path);
    const { data } = mapNpy(path);
    data[1] = 99;
    expect(await readFile(path)).toEqual(before);
    expect([...mapNpy(path).data]).toEqual([1, 2, 3]);
    await rm(path);
    expect([...data]).toEqual([1, 99, 3]);
  });

  it('that is a folder or missing is refused with the reason', async () => {
    expect(() => mapNpy(path)).toThrow(`mapping ${path}: opening it failed: No such file`);
    expect(() => mapNpy(folder)).toThrow('it is not a regular file');
  });
});
