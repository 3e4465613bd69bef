import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';

/** Level 2 is ITK's default too: three times as fast as zlib's default, for a tenth more bytes. */
const options = { level: 2, chunkSize: 1 << 20 };

const [zlibAsync, gzipAsync] = [promisify(deflate), promisify(gzip)];

/** Compresses to a zlib stream, as MetaImage needs. */
export const packZlib = (bytes: Uint8Array): Promise<Buffer> => zlibAsync(bytes, options);

/** Compresses to a gzip stream, as NIfTI and NRRD need; with `compress` false the stream only wraps the bytes. */
export const packGzip = (bytes: Uint8Array, compress = true): Promise<Buffer> =>
  gzipAsync(bytes, compress ? options : { ...options, level: 0 });
