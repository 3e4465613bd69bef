import { createHash } from 'node:crypto';
import fs from 'node:fs';

/** Size of the pieces a file is read in: libtorch's library has 450 MB. */
const PIECE_BYTES = 1 << 22;

/**
 * Returns size and SHA-256 of a file's bytes.
 * @param {string} file
 * @returns {Promise<{bytes: number, sha256: string}>}
 */
export async function fileHash(file) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of fs.createReadStream(file, { highWaterMark: PIECE_BYTES })) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Does what {@link fileHash} does, blocking. @param {string} file @returns {{bytes: number, sha256: string}} */
export function fileHashSync(file) {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const handle = fs.openSync(file, 'r');
  let bytes = 0;
  try {
    for (let read = fs.readSync(handle, piece); read > 0; read = fs.readSync(handle, piece)) {
      hash.update(piece.subarray(0, read));
      bytes += read;
    }
  } finally {
    fs.closeSync(handle);
  }
  return { bytes, sha256: hash.digest('hex') };
}
