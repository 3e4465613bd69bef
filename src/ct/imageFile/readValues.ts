import type { FileHandle } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import { deflateLimit, inflate } from './inflate.js';
import { readFully } from './readFully.js';

/** Position of an image's values in a file, as its header describes it, and the wording for errors about it. */
export interface ValuesPlace {
  /** Offset of the values, packed or not; -1: they are the last bytes of the file. */
  readonly start: number;
  /** Lowest possible offset of the values, such as the length of a header in the same file. */
  readonly earliest?: number;
  /** Bytes of the unpacked values; the caller has checked that they fit into one buffer. */
  readonly bytes: number;
  /** Bytes of the zlib or gzip stream; 'rest': everything after `start`; null: not packed. */
  readonly packed: number | 'rest' | null;
  /** Bytes in the unpacked stream before the values; default 0. */
  readonly skip?: number;
  /** Error code, such as 'metaimage-data'. */
  readonly code: string;
  /** What the header declares, such as "DimSize 5 4 3 of MET_SHORT". */
  readonly declared: string;
  /** Header fields that may be wrong, such as "DimSize or ElementType". */
  readonly fields: string;
}

/**
 * Reads and unpacks the values of an image. Allocates nothing before the file's size shows that the values can be
 * there.
 * @throws NoduleTrainError `place.code`
 */
export const readValues = async (file: FileHandle, path: string, place: ValuesPlace): Promise<Buffer> => {
  const { earliest = 0, bytes, packed, skip = 0, code, declared, fields } = place;
  const { size } = await file.stat();
  const fail = (found: string, advice: string): never => {
    throw new NoduleTrainError(
      code,
      `reading the values in ${path}: ${found}, expected ${bytes} bytes by its header (${declared}). ${advice}.`,
    );
  };
  const start = place.start === -1 ? size - bytes : place.start;
  const available = Math.max(0, size - start);
  if (packed === null) {
    if (start < earliest || available < bytes) {
      fail(`the file is truncated, it holds ${start < earliest ? size - earliest : available} bytes`, 'Copy it again');
    }
    if (available > bytes) fail(`the file holds ${available} bytes`, `Check ${fields}`);
    return readBytes(file, path, start, bytes, code);
  }
  if (packed !== 'rest' && available < packed)
    fail(`the file is truncated, it holds ${available} of ${packed} packed bytes`, 'Copy it again');
  const packedBytes = packed === 'rest' ? available : packed;
  const unpacked = skip + bytes;
  if (unpacked > packedBytes * deflateLimit)
    fail(`${packedBytes} compressed bytes cannot hold the values`, `Check ${fields}; the file may be truncated`);
  const result = await inflate(readBytes(file, path, start, packedBytes, code), unpacked);
  if (result.fault === undefined) return result.bytes.subarray(skip);
  const advice = {
    longer: `Check ${fields}`,
    shorter: `Check ${fields}; the file may be truncated`,
    damaged: 'The file is truncated or damaged: copy it again',
  };
  return fail(result.found, advice[result.fault]);
};

/** From this size on, a file is read in parallel parts: filling fresh memory takes longer than copying into it. */
const largeBytes = 8e6;
/** The number of threads in Node's pool. */
const partsOfLarge = 4;

/** Reads exactly `length` bytes from `start`. Throws `code` if the file ends earlier. */
const readBytes = async (
  file: FileHandle,
  path: string,
  start: number,
  length: number,
  code: string,
): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafeSlow(length);
  const readPart = async (from: number, to: number): Promise<void> => {
    if (await readFully(file, bytes.subarray(from, to), start + from)) return;
    throw new NoduleTrainError(
      code,
      `reading the values in ${path}: the file became shorter while it was being read. Read it again.`,
    );
  };
  const parts = length < largeBytes ? 1 : partsOfLarge;
  const edge = (part: number): number => Math.floor((length * part) / parts);
  await Promise.all(Array.from({ length: parts }, (_, part) => readPart(edge(part), edge(part + 1))));
  return bytes;
};
