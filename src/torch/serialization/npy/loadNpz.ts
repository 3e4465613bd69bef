import { NoduleTrainError, quoted } from '../../../runtime/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import { allowance } from '../allowance.js';
import type { FileSource } from '../fileSource.js';
import { type OpenFile, type Reading, readFile, readFileSync, readMemory } from '../reading.js';
import { bytesPerElement, tensorFromBytes } from '../tensorBytes.js';
import { readZipDirectory, type ZipEntry } from '../zip/readZipDirectory.js';
import { checkCrc32, readZipEntry } from '../zip/readZipEntry.js';
import { axesTurned, type NpyHeader, readNpyHeader } from './npyHeader.js';

export interface LoadNpzOptions {
  /** Limit of the uncompressed size of all arrays, in bytes: zeros compress to a thousandth. Default 2^30. */
  maxBytes?: number;
}

const swap = (bytes: Uint8Array, width: number): Uint8Array => {
  const buffer = Buffer.from(bytes);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
  return buffer;
};

function* readArray(file: OpenFile, entry: ZipEntry): Reading<Tensor> {
  const bytes = yield* readZipEntry(file, entry, () => {});
  yield* checkCrc32(file, entry, bytes);
  const refuse = (what: string): never => {
    throw new NoduleTrainError(
      'npy',
      `reading ${file.path}: its entry ${quoted(entry.name)} is not a valid NumPy array: ${what}`,
    );
  };
  const header: NpyHeader = readMemory(file.path, bytes, (inside) => readNpyHeader(inside, refuse));
  const values = bytes.subarray(header.begin);
  const { dtype, bigEndian, fortranOrder, shape } = header;
  const little = bigEndian ? swap(values, bytesPerElement[dtype]) : values;
  const stored = tensorFromBytes(little, dtype, fortranOrder ? [...shape].reverse() : shape);
  return fortranOrder ? axesTurned(stored) : stored;
}

const readNpz = (maxBytes: number) =>
  function* (file: OpenFile): Reading<Map<string, Tensor>> {
    const entries = [...(yield* readZipDirectory(file, allowance(file, 'npy'))).values()];
    const all = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    if (!(all <= maxBytes))
      throw new NoduleTrainError(
        'npy',
        `reading ${file.path}: found ${entries.length} arrays of ${all} bytes in total (uncompressed), ` +
          `expected at most ${maxBytes}. Use loadNpz(path, { maxBytes: ${all} }) to allow it.`,
      );
    const tensors = new Map<string, Tensor>();
    try {
      for (const entry of entries) {
        if (!entry.name.endsWith('.npy'))
          throw new NoduleTrainError(
            'npy',
            `reading ${file.path}: its entry ${quoted(entry.name)} is not an array, expected .npy`,
          );
        tensors.set(entry.name.slice(0, -'.npy'.length), yield* readArray(file, entry));
      }
    } catch (error) {
      for (const tensor of tensors.values()) tensor.dispose();
      throw error;
    }
    return tensors;
  };

const limitOf = ({ maxBytes = 2 ** 30 }: LoadNpzOptions): number => {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0)
    throw new NoduleTrainError('npy', `loadNpz: maxBytes is ${String(maxBytes)}, expected a non-negative integer`);
  return maxBytes;
};

/**
 * Reads the arrays written by NumPy's `savez` and `savez_compressed`, by name; see `loadNpy`.
 * @throws NoduleTrainError `npy`, `zip`, `read-failed`
 */
export const loadNpz = async (source: FileSource, options: LoadNpzOptions = {}): Promise<Map<string, Tensor>> =>
  readFile(source, readNpz(limitOf(options)));

/** Blocking version of {@link loadNpz}. */
export const loadNpzSync = (source: FileSource, options: LoadNpzOptions = {}): Map<string, Tensor> =>
  readFileSync(source, readNpz(limitOf(options)));
