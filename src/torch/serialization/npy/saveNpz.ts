import { NoduleTrainError, replaceFile, replaceFileSync } from '../../../runtime/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type FilePath, pathOf } from '../fileSource.js';
import type { NamedTensors } from '../saveTensors.js';
import { namedTensors, tensorsToBytes, tensorToBytes } from '../tensorBytes.js';
import { type ZipEntry, zipArchive, zipEntry, zipEntryAsync } from '../zip/writeZip.js';
import { npyHead } from './saveNpy.js';

export interface NpzOptions {
  /** Compress by deflate, as `savez_compressed`. */
  compress?: boolean | undefined;
}

/** The entries: name, header and tensor. */
const arraysOf = (tensors: NamedTensors): { name: string; head: Uint8Array; tensor: Tensor }[] =>
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
export async function saveNpz(file: FilePath, tensors: NamedTensors, options: NpzOptions = {}): Promise<void> {
  const path = pathOf('saveNpz', file);
  await replaceFile(path, await chunksOf(tensors, options));
}

const chunksOf = async (tensors: NamedTensors, options: NpzOptions): Promise<Uint8Array[]> => {
  const arrays = arraysOf(tensors);
  const values = await tensorsToBytes(
    'saveNpz',
    arrays.map(({ tensor }) => tensor),
  );
  const entries: ZipEntry[] = [];
  for (const [i, { name, head }] of arrays.entries())
    entries.push(await zipEntryAsync(name, Buffer.concat([head, values[i]!]), options.compress));
  return zipArchive(entries);
};

const chunksOfSync = (tensors: NamedTensors, options: NpzOptions): Uint8Array[] =>
  zipArchive(
    arraysOf(tensors).map(({ name, head, tensor }) =>
      zipEntry(name, Buffer.concat([head, tensorToBytes(tensor)]), options.compress),
    ),
  );

/** Blocking version of {@link saveNpz}; the values are those at the call. */
export function saveNpzSync(file: FilePath, tensors: NamedTensors, options: NpzOptions = {}): void {
  replaceFileSync(pathOf('saveNpzSync', file), chunksOfSync(tensors, options));
}

/** Makes the bytes of a file of {@link saveNpz}. */
export async function encodeNpz(tensors: NamedTensors, options: NpzOptions = {}): Promise<Buffer> {
  return Buffer.concat(await chunksOf(tensors, options));
}

/** Blocking version of {@link encodeNpz}. */
export function encodeNpzSync(tensors: NamedTensors, options: NpzOptions = {}): Buffer {
  return Buffer.concat(chunksOfSync(tensors, options));
}
