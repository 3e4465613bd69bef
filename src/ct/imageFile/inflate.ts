import { promisify } from 'node:util';
import { constants, createUnzip, unzip } from 'node:zlib';
import { findInflater } from '../../runtime/index.js';

const unpack = promisify(unzip);

/** The unpacked bytes of a stream, or why there are none. */
export type Inflated =
  | { readonly bytes: Buffer; readonly fault?: undefined }
  | { readonly fault: 'longer' | 'shorter' | 'damaged'; readonly found: string };

/**
 * Unpacks a zlib or gzip stream (also one of several gzip members) that must give exactly `size` bytes. All formats
 * unpack their values here. Allocates about `size` bytes, however many the stream would give; check `size` against the
 * packed bytes first (`deflateLimit`).
 *
 * Uses libdeflate where the addon has it, else node:zlib, with the same result. While `packed` is still being read, the
 * memory for the result is populated on another thread.
 */
export const inflate = async (packed: Uint8Array | Promise<Uint8Array>, size: number): Promise<Inflated> => {
  const { inflater } = findInflater();
  return inflater === null ? byZlib(await packed, size) : byLibdeflate(inflater, packed, size);
};

/** Highest compression ratio of DEFLATE: a header that claims more is wrong. */
export const deflateLimit = 1032;

type Inflater = NonNullable<ReturnType<typeof findInflater>['inflater']>;

/** From this size on, memory is populated on another thread. */
const largeBytes = 8e6;

const byLibdeflate = async (
  inflater: Inflater,
  packed: Uint8Array | Promise<Uint8Array>,
  size: number,
): Promise<Inflated> => {
  const out = Buffer.allocUnsafeSlow(size);
  const [given] = await Promise.all([packed, size >= largeBytes ? inflater.populate(out) : undefined]);
  const { fault, bytes } = await inflater.inflate(given, out);
  if (fault === 'longer') return { fault, found: tooMany };
  if (fault === 'damaged') return { fault, found: 'it does not unpack (the stream is damaged or ends early)' };
  return bytes < size ? tooFew(bytes) : { bytes: out };
};

const tooMany = 'it unpacks to more bytes';

const tooFew = (bytes: number): Inflated => ({ fault: 'shorter', found: `it unpacks to ${bytes} bytes` });

/** Does the work of `inflate` with node:zlib. */
export const byZlib = async (packed: Uint8Array, size: number): Promise<Inflated> => {
  // One byte more than expected, so a stream that is too long is noticed without unpacking all of it.
  const limit = Math.max(64, size + 1);
  try {
    const bytes = await unpack(packed, { chunkSize: limit, maxOutputLength: limit });
    if (bytes.length > size) return { fault: 'longer', found: `it unpacks to ${bytes.length} bytes` };
    return bytes.length < size ? tooFew(bytes.length) : { bytes };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return { fault: 'longer', found: tooMany };
    return { fault: 'damaged', found: `it does not unpack (${message})` };
  }
};

/** Unpacks the first `length` bytes, or fewer, from the beginning of a zlib or gzip stream. */
export const inflateStart = async (packed: Uint8Array, length: number): Promise<Buffer> => {
  // Sync flush, because the stream is cut off on purpose.
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
    // The stream is damaged. What came out before is still good, and reading the whole file reports the damage.
  }
  return Buffer.concat(parts).subarray(0, length);
};
