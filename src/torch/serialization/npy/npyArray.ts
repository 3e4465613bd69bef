import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { mapFile, NoduleTrainError } from '../../../runtime/index.js';
import { type OpenFile, type Reading, readMemory } from '../reading.js';
import { npyHeader, readNpyHeader } from './npyHeader.js';

/** Element types of the arrays of a prepared store. */
const kinds = { uint8: Uint8Array, int16: Int16Array, int32: Int32Array } as const;

type Kind = keyof typeof kinds;
export type NpyData = Uint8Array | Int16Array | Int32Array;

/** Size and hash of a written file. */
export interface NpyFile {
  bytes: number;
  sha256: string;
}

/**
 * Writes an array in NumPy's format. Does not force it to the disk.
 * @internal
 */
export async function writeNpy(path: string, shape: readonly number[], data: NpyData): Promise<NpyFile> {
  const kind = (Object.keys(kinds) as Kind[]).find((name) => data instanceof kinds[name]) as Kind;
  const parts = [npyHeader(kind, shape)!, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  try {
    for (const part of parts) {
      await file.writeFile(part);
      hash.update(part);
    }
  } finally {
    await file.close();
  }
  return { bytes: parts.reduce((sum, { length }) => sum + length, 0), sha256: hash.digest('hex') };
}

function* readArray(file: OpenFile): Reading<{ kind: Kind; shape: number[]; begin: number }> {
  const refuse = (what: string): never => {
    throw new NoduleTrainError('npy', `reading ${file.path}: ${what}; prepare the data again`);
  };
  const { dtype, bigEndian, fortranOrder, shape, begin } = yield* readNpyHeader(file, refuse);
  const kind = Object.hasOwn(kinds, dtype) ? (dtype as Kind) : null;
  if (kind === null || bigEndian || fortranOrder)
    return refuse(`found ${dtype}, expected little-endian row-major ${Object.keys(kinds).join(', ')}`);
  if (begin % kinds[kind].BYTES_PER_ELEMENT !== 0)
    return refuse(`its values begin at byte ${begin}, expected a multiple of their size`);
  return { kind, shape, begin };
}

/**
 * Maps an array that `writeNpy` wrote into memory: its values are read from the disk on access. Changes never reach the
 * file. The mapping ends when the array is collected.
 * @internal
 * @throws NoduleTrainError `npy` if the file is not such an array or shorter than its shape, `map-failed`
 */
export function mapNpy(path: string): { shape: number[]; data: NpyData } {
  const buffer = mapFile(path);
  const { kind, shape, begin } = readMemory(path, new Uint8Array(buffer), readArray);
  return { shape, data: new kinds[kind](buffer, begin) };
}
