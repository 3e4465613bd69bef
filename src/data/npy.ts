import { open } from 'node:fs/promises';
import { NoduleTrainError } from '../runtime/error.js';
import { npyHeader, readNpyHeader } from '../torch/serialization/npyHeader.js';
import { bytesAt, type OpenFile, type Reading, readFile } from '../torch/serialization/reading.js';

/** The element types of our arrays on disk. */
const kinds = { uint8: Uint8Array, int16: Int16Array, int32: Int32Array } as const;

type Kind = keyof typeof kinds;
export type NpyData = Uint8Array | Int16Array | Int32Array;

/** Writes an array in NumPy's own format and forces it to the disk. */
export async function writeNpy(path: string, shape: readonly number[], data: NpyData): Promise<void> {
  const kind = (Object.keys(kinds) as Kind[]).find((name) => data instanceof kinds[name]) as Kind;
  const file = await open(path, 'w');
  try {
    await file.writeFile(npyHeader(kind, shape)!);
    await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    await file.sync();
  } finally {
    await file.close();
  }
}

function* readArray(file: OpenFile): Reading<{ shape: number[]; data: NpyData }> {
  const refuse = (what: string): never => {
    throw new NoduleTrainError('npy', `reading ${file.path}: ${what}; prepare the data again`);
  };
  const { dtype, bigEndian, fortranOrder, shape, begin } = yield* readNpyHeader(file, refuse);
  if (!Object.hasOwn(kinds, dtype) || bigEndian || fortranOrder)
    return refuse(`found ${dtype}, wanted little-endian row-major ${Object.keys(kinds)}`);
  const kind = kinds[dtype as Kind];
  const { buffer, byteOffset, length } = yield* bytesAt(file, begin, file.size - begin);
  return { shape, data: new kind(buffer as ArrayBuffer, byteOffset, length / kind.BYTES_PER_ELEMENT) };
}

/**
 * Reads an array that `writeNpy` wrote.
 * @throws NoduleTrainError `npy` where the file is no such array or shorter than its shape, `read-failed`
 */
export const readNpy = (path: string): Promise<{ shape: number[]; data: NpyData }> => readFile(path, readArray);
