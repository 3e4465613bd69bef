import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { mapFile, NoduleTrainError } from '../../../runtime/index.js';
import { type OpenFile, type Reading, readMemory } from '../reading.js';
import { npyHeader, readNpyHeader } from './npyHeader.js';

/** The element types of our arrays on disk. */
const kinds = { uint8: Uint8Array, int16: Int16Array, int32: Int32Array } as const;

type Kind = keyof typeof kinds;
export type NpyData = Uint8Array | Int16Array | Int32Array;

/** Size and hash of a written file. */
export interface NpyFile {
  bytes: number;
  sha256: string;
}

/** Writes an array in NumPy's own format; forcing it to the disk is the caller's. */
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
    return refuse(`found ${dtype}, wanted little-endian row-major ${Object.keys(kinds)}`);
  if (begin % kinds[kind].BYTES_PER_ELEMENT !== 0) return refuse(`its values begin at the odd byte ${begin}`);
  return { kind, shape, begin };
}

/**
 * An array that `writeNpy` wrote, mapped into memory: its values are read from the disk when they are looked at. What is written into them
 * never reaches the file. The mapping ends when the array is garbage.
 * @throws NoduleTrainError `npy` where the file is no such array or shorter than its shape, `map-failed`
 */
export function mapNpy(path: string): { shape: number[]; data: NpyData } {
  const buffer = mapFile(path);
  const { kind, shape, begin } = readMemory(path, new Uint8Array(buffer), readArray);
  return { shape, data: new kinds[kind](buffer, begin) };
}
