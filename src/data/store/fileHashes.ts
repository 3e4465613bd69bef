import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileHash, replaceFile, withLock } from '../../runtime/index.js';

/** A file as it was when its bytes were hashed. */
export interface RememberedFile {
  bytes: number;
  /** Of its last change, in ns. */
  time: string;
  sha256: string;
}

/** By the hash of the file's path: a path can hold a patient's name. */
export type FileHashes = ReadonlyMap<string, RememberedFile>;

const cacheName = 'hashes.json';

export const pathHash = (path: string): string => createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32);

/** A file that changed so shortly before could change again without another time. */
const settledMs = 2000;

/** SHA-256 of a file's bytes, as remembered where size and time are the same. `remember` is null where it is not to be relied on. */
export async function contentHash(
  path: string,
  known: FileHashes,
): Promise<{ sha256: string; time: string; remember: [string, RememberedFile] | null }> {
  const id = pathHash(path);
  const { size, mtimeNs } = await stat(path, { bigint: true });
  const time = String(mtimeNs);
  const before = known.get(id);
  if (before !== undefined && before.bytes === Number(size) && before.time === time)
    return { sha256: before.sha256, time, remember: null };
  const settled = Date.now() - Number(mtimeNs / 1_000_000n) > settledMs;
  const { bytes, sha256 } = await fileHash(path);
  return { sha256, time, remember: settled ? [id, { bytes, time, sha256 }] : null };
}

/** What a store remembers of the files that it was made of; nothing where it remembers none or the file is damaged. */
export async function readHashes(dir: string): Promise<Map<string, RememberedFile>> {
  try {
    const { version, files } = JSON.parse(await readFile(join(dir, cacheName), 'utf8'));
    return version === 1 ? new Map(Object.entries(files as Record<string, RememberedFile>)) : new Map();
  } catch {
    // Losing it costs time only: everything is hashed again.
    return new Map();
  }
}

/** Adds to what a store remembers. */
export const rememberHashes = (dir: string, learnt: FileHashes): Promise<void> =>
  withLock(
    join(dir, `${cacheName}.lock`),
    () => {},
    async () => {
      const files = Object.fromEntries([...(await readHashes(dir)), ...learnt]);
      await replaceFile(join(dir, cacheName), `${JSON.stringify({ version: 1, files })}\n`);
    },
  );
