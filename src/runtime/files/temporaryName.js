import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { hasEnded, thisProcess } from './holder.js';

const thisHost = createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8);

/**
 * Returns a new name beside `file`, to write to before renaming. The name identifies the writing process, so that
 * {@link sweepAbandoned} can delete what a killed process left. It fits into the 255 bytes of a file name, however long
 * `file`'s own name is.
 * @param {string} file
 */
export function temporaryName(file) {
  const { pid, started } = thisProcess();
  const suffix = `.${thisHost}-${pid}-${started ?? 0}.${randomBytes(6).toString('hex')}.tmp`;
  const { dir, base } = path.parse(file);
  return path.join(dir, `${cutToBytes(base, 255 - suffix.length)}${suffix}`);
}

/** @param {string} name @param {number} bytes */
const cutToBytes = (name, bytes) => {
  let cut = name;
  while (Buffer.byteLength(cut) > bytes) cut = cut.slice(0, -1);
  return cut;
};

/** A process on another host cannot be queried, so its file counts as abandoned after a day. */
const SILENT_MS = 24 * 60 * 60 * 1000;

/**
 * Whether the process in a temporary name has ended, or ran on another host and the file is a day old.
 * @param {string} file
 */
export async function isAbandoned(file) {
  const parts = /\.([0-9a-f]{8})-(\d+)-(\d+)\.[0-9a-f]+\.tmp$/.exec(file);
  // Somebody else's file.
  if (parts === null) return false;
  const [, host, pid, started] = parts;
  if (host === thisHost) return hasEnded({ pid: Number(pid), started: started === '0' ? null : (started ?? null) });
  return stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > SILENT_MS,
    () => false,
  );
}

/**
 * Deletes temporary files and folders of processes that have ended; those of running processes stay.
 * @param {string} dir
 */
export async function sweepAbandoned(dir) {
  for (const name of await readdir(dir)) {
    if (!name.endsWith('.tmp')) continue;
    const file = path.join(dir, name);
    if (await isAbandoned(file)) await rm(file, { recursive: true, force: true });
  }
}
