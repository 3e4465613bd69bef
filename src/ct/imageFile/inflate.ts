import { promisify } from 'node:util';
import { constants, createUnzip, unzip } from 'node:zlib';
import { findInflater } from '../../runtime/index.js';

const unpack = promisify(unzip);

/** Bytes that came out of a stream, or why they are not the ones wanted. */
export type Inflated =
  | { readonly bytes: Buffer; readonly fault?: undefined }
  | { readonly fault: 'longer' | 'shorter' | 'damaged'; readonly found: string };

/**
 * Unpacks a zlib or gzip stream (also one of several gzip members) that must give exactly `size` bytes. Every format is unpacked
 * here. Allocates no more than about `size`, however much the stream would give; check `size` against the packed bytes first (`deflateLimit`).
 * By libdeflate where the addon has it, else by node:zlib, which finds the same. While `packed` is still being read, the memory for
 * what comes out is made ready.
 */
export const inflate = async (packed: Uint8Array | Promise<Uint8Array>, size: number): Promise<Inflated> => {
  const { inflater } = findInflater();
  return inflater === null ? byZlib(await packed, size) : byLibdeflate(inflater, packed, size);
};

/** DEFLATE cannot shrink further than this, so a header that claims more lies about its size. */
export const deflateLimit = 1032;

type Inflater = NonNullable<ReturnType<typeof findInflater>['inflater']>;

/** From this size on memory is made ready on another thread. */
const largeBytes = 8e6;

const byLibdeflate = async (
  inflater: Inflater,
  packed: Uint8Array | Promise<Uint8Array>,
  size: number,
): Promise<Inflated> => {
  const out = Buffer.allocUnsafeSlow(size);
  const [given] = await Promise.all([packed, size >= largeBytes ? inflater.populate(out) : undefined]);
  const { fault, bytes } = await inflater.inflate(given, out);
  if (fault === 'longer') return { fault, found: 'more bytes come out of it' };
  if (fault === 'damaged') return { fault, found: 'it does not unpack (the stream is damaged or ends early)' };
  return bytes < size ? tooFew(bytes) : { bytes: out };
};

const tooFew = (bytes: number): Inflated => ({ fault: 'shorter', found: `${bytes} bytes come out of it` });

/** The same by node:zlib. */
export const byZlib = async (packed: Uint8Array, size: number): Promise<Inflated> => {
  // One byte more than wanted: so a stream that is too long shows itself without being unpacked.
  const limit = Math.max(64, size + 1);
  try {
    const bytes = await unpack(packed, { chunkSize: limit, maxOutputLength: limit });
    if (bytes.length > size) return { fault: 'longer', found: `${bytes.length} bytes come out of it` };
    return bytes.length < size ? tooFew(bytes.length) : { bytes };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return { fault: 'longer', found: 'more bytes come out of it' };
    return { fault: 'damaged', found: `it does not unpack (${message})` };
  }
};

/** The first `length` bytes, or fewer, that come out of the beginning of a zlib or gzip stream. */
export const inflateStart = async (packed: Uint8Array, length: number): Promise<Buffer> => {
  // Sync flush: the stream is cut off on purpose.
  const stream = createUnzip({ chunkSize: Math.max(64, length), finishFlush: constants.Z_SYNC_FLUSH });
  stream.end(packed);
  const parts: Buffer[] = [];
  let total = 0;
  try {
    for await (const part of stream) {
      parts.push(part as Buffer);
      total += (part as Buffer).length;
      if (total >= length) break;
    }
  } catch {
    // Damaged: what came out before is still good, and reading the whole says what is wrong.
  }
  return Buffer.concat(parts).subarray(0, length);
};
