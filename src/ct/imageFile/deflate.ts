import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';

/** ITK's default too: three times as fast as zlib's own for a tenth more bytes. */
const options = { level: 2, chunkSize: 1 << 20 };

const [zlibAsync, gzipAsync] = [promisify(deflate), promisify(gzip)];

/** A zlib stream, as MetaImage wants it. */
export const packZlib = (bytes: Uint8Array): Promise<Buffer> => zlibAsync(bytes, options);

/** A gzip stream, as NIfTI and NRRD want it; with `compress` false one that only wraps the bytes. */
export const packGzip = (bytes: Uint8Array, compress = true): Promise<Buffer> =>
  gzipAsync(bytes, compress ? options : { ...options, level: 0 });
