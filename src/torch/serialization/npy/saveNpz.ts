import { NoduleTrainError, replaceFile, replaceFileSync } from '../../../runtime/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import { namedTensors, tensorsToBytes, tensorToBytes } from '../tensorBytes.js';
import { type ZipEntry, zipArchive, zipEntry, zipEntryAsync } from '../zip/writeZip.js';
import { npyHead } from './saveNpy.js';

type Tensors = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

export interface NpzOptions {
  /** Compress by deflate, as `savez_compressed`. */
  compress?: boolean;
}

/** The entries: name, header and tensor. */
const arraysOf = (tensors: Tensors): { name: string; head: Uint8Array; tensor: Tensor }[] =>
  namedTensors('saveNpz', tensors).map(([name, tensor]) => {
    if (Buffer.byteLength(name) > 65_000)
      throw new NoduleTrainError('npy', `saveNpz: a name has ${Buffer.byteLength(name)} bytes, expected at most 65000`);
    return { name: `${name}.npy`, head: npyHead(`saveNpz: ${name}`, tensor), tensor };
  });

/**
 * Writes named arrays for NumPy's `load`, atomically. The tensors may be disposed at once, but must not be written to
 * until the promise resolves.
 * @throws NoduleTrainError `npy` for bfloat16, which NumPy lacks, `tensors`, `tensor-changed`, `disk-full`,
 *   `write-failed`
 */
export async function saveNpz(path: string, tensors: Tensors, options: NpzOptions = {}): Promise<void> {
  const arrays = arraysOf(tensors);
  const values = await tensorsToBytes(
    'saveNpz',
    arrays.map(({ tensor }) => tensor),
  );
  const entries: ZipEntry[] = [];
  for (const [i, { name, head }] of arrays.entries())
    entries.push(await zipEntryAsync(name, Buffer.concat([head, values[i]!]), options.compress));
  await replaceFile(path, zipArchive(entries));
}

/** Blocking version of {@link saveNpz}; the values are those at the call. */
export function saveNpzSync(path: string, tensors: Tensors, options: NpzOptions = {}): void {
  const entries = arraysOf(tensors).map(({ name, head, tensor }) =>
    zipEntry(name, Buffer.concat([head, tensorToBytes(tensor)]), options.compress),
  );
  replaceFileSync(path, zipArchive(entries));
}
