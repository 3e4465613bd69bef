import { mkdtemp, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '../../dist/data/npy.js';

const file = async () => join(await mkdtemp(join(tmpdir(), 'npy-')), 'array.npy');

describe('an array on disk', () => {
  it('comes back with its type and shape', async () => {
    const path = await file();
    for (const [shape, data] of [
      [[2, 3], Int16Array.from([1, -2, 32767, -32768, 0, 5])],
      [[4], Int32Array.from([1, -1, 2 ** 31 - 1, 0])],
      [[1, 1, 2], Uint8Array.from([0, 255])],
      [[0], new Int32Array(0)],
    ] as const) {
      await writeNpy(path, shape, data);
      expect(await readNpy(path)).toEqual({ shape: [...shape], data });
    }
  });

  it('cut short is refused with the bytes found and wanted', async () => {
    const path = await file();
    await writeNpy(path, [100], new Int16Array(100));
    await truncate(path, 128 + 50);
    await expect(readNpy(path)).rejects.toThrow('found 50 bytes of data, wanted 200 for the shape [100]');
  });
});
