import type { FileHandle } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import { deflateLimit, inflate } from './inflate.js';

/** Where the values of an image lie in a file, as its header says, and the words of an error about it. */
export interface ValuesPlace {
  /** First byte of the values, packed or not; -1: they are the file's last bytes. */
  readonly start: number;
  /** Bytes of the file before which the values cannot begin, such as a header in the same file. */
  readonly earliest?: number;
  /** Bytes that the values fill once unpacked, which the caller has checked to fit into one buffer. */
  readonly bytes: number;
  /** Bytes of a zlib or gzip stream; 'rest': all that follow `start`; null: not packed. */
  readonly packed: number | 'rest' | null;
  /** Bytes that come out of the stream before the values; 0 where it is not said. */
  readonly skip?: number;
  /** Error code, such as 'metaimage-data'. */
  readonly code: string;
  /** What the header wants, such as "DimSize 5 4 3 of MET_SHORT". */
  readonly said: string;
  /** The fields that may be wrong, such as "DimSize or ElementType". */
  readonly fields: string;
}

/** Reads the values; nothing is allocated that the file's own size does not bear out. Throws `place.code`. */
export const readValues = async (file: FileHandle, path: string, place: ValuesPlace): Promise<Buffer> => {
  const { earliest = 0, bytes, packed, skip = 0, code, said, fields } = place;
  const { size } = await file.stat();
  const fail = (found: string, mend: string): never => {
    throw new NoduleTrainError(
      code,
      `reading the values in ${path}: ${found}; the header wants ${bytes} bytes (${said}): ${mend}`,
    );
  };
  const start = place.start === -1 ? size - bytes : place.start;
  const there = Math.max(0, size - start);
  if (packed === null) {
    if (start < earliest || there < bytes) {
      fail(`the file is truncated, it holds ${start < earliest ? size - earliest : there} bytes`, 'copy it again');
    }
    if (there > bytes) fail(`the file holds ${there} bytes`, `one of ${fields} is wrong`);
    return readBytes(file, path, start, bytes, code);
  }
  if (packed !== 'rest' && there < packed)
    fail(
      `the file is truncated, it holds ${there} of the ${packed} packed bytes that its header says`,
      'copy it again',
    );
  const packedBytes = packed === 'rest' ? there : packed;
  const unpacked = skip + bytes;
  if (unpacked > packedBytes * deflateLimit)
    fail(`${packedBytes} compressed bytes cannot hold as much`, `${fields} is wrong, or the file is truncated`);
  const result = await inflate(readBytes(file, path, start, packedBytes, code), unpacked);
  if (result.fault === undefined) return result.bytes.subarray(skip);
  const mends = {
    longer: `${fields} is wrong`,
    shorter: `${fields} is wrong, or the file is truncated`,
    damaged: 'it is truncated or damaged, copy it again',
  };
  return fail(result.found, mends[result.fault]);
};

/** From this size on a file is read in parts side by side: filling fresh memory takes longer than copying into it. */
const largeBytes = 8e6;
/** As many as Node's pool has threads. */
const partsOfLarge = 4;

/** Exactly `length` bytes from `start`; throws `code` where the file ends before. */
const readBytes = async (
  file: FileHandle,
  path: string,
  start: number,
  length: number,
  code: string,
): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafeSlow(length);
  const readPart = async (from: number, to: number): Promise<void> => {
    // One read takes at most 2 GiB.
    for (let done = from; done < to; ) {
      const { bytesRead } = await file.read(bytes, done, Math.min(to - done, 1 << 30), start + done);
      if (bytesRead === 0) {
        throw new NoduleTrainError(
          code,
          `reading the values in ${path}: the file became shorter while it was read; read it again`,
        );
      }
      done += bytesRead;
    }
  };
  const parts = length < largeBytes ? 1 : partsOfLarge;
  const edge = (part: number): number => Math.floor((length * part) / parts);
  await Promise.all(Array.from({ length: parts }, (_, part) => readPart(edge(part), edge(part + 1))));
  return bytes;
};
