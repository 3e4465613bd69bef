import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileHash, replaceFile, withLock } from '../../runtime/index.js';

/** Size, time and hash of a file when it was hashed. */
export interface RememberedFile {
  bytes: number;
  /** Modification time in ns. */
  time: string;
  sha256: string;
}

/** Remembered files by the hash of their path, because a path may contain a patient's name. */
export type FileHashes = ReadonlyMap<string, RememberedFile>;

const CACHE_FILE = 'hashes.json';

/** Hashes an absolute path: the first 32 hex digits of its SHA-256. */
export function pathHash(path: string): string {
  return createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32);
}

/** Age from which a modification time is trusted: a younger file could change again without a new time. */
const SETTLED_MS = 2000;

/**
 * Computes the SHA-256 of a file's bytes, or takes it from `known` if size and time are unchanged. `remember` is null
 * if there is nothing new to remember or the file changed too recently.
 */
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
  const settled = Date.now() - Number(mtimeNs / 1_000_000n) > SETTLED_MS;
  const { bytes, sha256 } = await fileHash(path);
  return { sha256, time, remember: settled ? [id, { bytes, time, sha256 }] : null };
}

/** Reads a store's remembered files; empty if it has none or the list is damaged. */
export async function readHashes(dir: string): Promise<Map<string, RememberedFile>> {
  try {
    const { version, files } = JSON.parse(await readFile(join(dir, CACHE_FILE), 'utf8'));
    return version === 1 ? new Map(Object.entries(files as Record<string, RememberedFile>)) : new Map();
  } catch {
    // Losing the list only costs time: every file is hashed again.
    return new Map();
  }
}

/** Adds files to a store's remembered ones. */
export function rememberHashes(dir: string, added: FileHashes): Promise<void> {
  return withLock(
    join(dir, `${CACHE_FILE}.lock`),
    () => {},
    async () => {
      const files = Object.fromEntries([...(await readHashes(dir)), ...added]);
      await replaceFile(join(dir, CACHE_FILE), `${JSON.stringify({ version: 1, files })}\n`);
    },
  );
}
