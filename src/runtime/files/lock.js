import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, thisProcess } from './holder.js';

/** @typedef {import('./holder.js').Holder & {token: string}} Holder */

const HEARTBEAT_MS = 5_000;
// For a holder on another machine (a home folder on a network), whose process cannot be asked.
const SILENT_MS = 120_000;

/** @param {string} file @returns {{text: string, holder: Holder, silentMs: number} | null} */
const read = (file) => {
  try {
    const silentMs = Date.now() - fs.statSync(file).mtimeMs;
    const text = fs.readFileSync(file, 'utf8');
    return { text, holder: JSON.parse(text), silentMs };
  } catch {
    return null;
  }
};

/** @param {Holder} holder @param {number} silentMs */
const isDead = (holder, silentMs) => {
  if (holder.host !== os.hostname()) return silentMs > SILENT_MS;
  return hasEnded(holder);
};

/** Takes a dead holder's lock away; another process may have been faster, then its new lock is put back. @param {string} file @param {string} text */
const clear = (file, text) => {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
    if (fs.readFileSync(aside, 'utf8') !== text) fs.linkSync(aside, file);
  } catch {
    // Somebody else cleared it: the next attempt sees what is there now.
  } finally {
    fs.rmSync(aside, { force: true });
  }
};

/** @param {string} file @param {string} text @returns {boolean} */
const create = (file, text) => {
  // Written aside and linked, so that nobody ever reads a lock without its holder.
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  fs.writeFileSync(aside, text);
  try {
    fs.linkSync(aside, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(aside, { force: true });
  }
};

/**
 * Runs `work` while this process alone holds the lock file; waits for a living holder, takes over from a dead one.
 *
 * @template T
 * @param {string} file its folder must exist
 * @param {(holder: Holder) => void} onWait called once, when somebody else holds the lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export const withLock = async (file, onWait, work) => {
  const own = { ...thisProcess(), token: randomBytes(6).toString('hex') };
  const text = JSON.stringify(own);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (let waited = false; !create(file, text); ) {
    const other = read(file);
    if (other === null) continue;
    if (isDead(other.holder, other.silentMs)) {
      clear(file, other.text);
      continue;
    }
    if (!waited) onWait(other.holder);
    waited = true;
    await sleep(200);
  }
  const heartbeat = setInterval(() => fs.utimes(file, new Date(), new Date(), () => {}), HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (read(file)?.text === text) fs.rmSync(file, { force: true });
  }
};
