import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/** SHA-256 of a file's bytes, read in pieces: libtorch's library has 450 MB. */
export function fileSum(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1 << 22);
  const file = openSync(path, 'r');
  try {
    for (let bytes = readSync(file, piece); bytes > 0; bytes = readSync(file, piece))
      hash.update(piece.subarray(0, bytes));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
