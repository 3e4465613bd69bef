import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, thisProcess } from './holder.js';

/** @typedef {import('./holder.js').Holder & {token: string}} Holder */
/**
 * @typedef {{text: string, holder: Holder | null, silentMs: number}} Found a lock file; `holder` is null if its text is
 *   damaged
 */

const HEARTBEAT_MS = 5_000;
/** A holder on another host (shared home folder) cannot be queried, so its lock expires without a heartbeat. */
const SILENT_MS = 120_000;
/** A lock appears with its content, so damaged content comes from a power cut, not from a writer at work. */
const DAMAGED_MS = 10_000;

/** @param {string} file @returns {Found | null} null if there is no lock */
const read = (file) => {
  let text;
  let silentMs;
  try {
    silentMs = Date.now() - fs.statSync(file).mtimeMs;
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const holder = JSON.parse(text);
    return { text, silentMs, holder: Number.isInteger(holder?.pid) && typeof holder.host === 'string' ? holder : null };
  } catch {
    return { text, silentMs, holder: null };
  }
};

/** @param {Found} found @param {number} silentMs after which a holder on another host counts as dead */
const isDead = (found, silentMs) => {
  if (found.holder === null) return found.silentMs > DAMAGED_MS;
  if (found.holder.host !== os.hostname()) return found.silentMs > silentMs;
  return hasEnded(found.holder);
};

/**
 * Creates the lock with its content in one step, so that nobody reads a lock without its holder.
 * @param {string} file
 * @param {string} text
 */
const create = (file, text) => {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    fs.writeFileSync(aside, text);
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
 * Deletes a dead holder's lock, or returns who is deleting it. Two processes that found the same dead lock must not
 * both delete: the second would delete the first one's new lock. So only the holder of a gate, a lock named after the
 * dead lock's text, may delete, and it checks the text again first.
 * @param {string} file
 * @param {string} deadText
 * @param {string} ownText
 * @returns {Found | null}
 */
const clear = (file, deadText, ownText) => {
  const gate = `${file}.${createHash('sha256').update(deadText).digest('hex').slice(0, 16)}`;
  if (!create(gate, ownText)) {
    const other = read(gate);
    if (other === null) return null;
    return isDead(other, SILENT_MS) ? clear(gate, other.text, ownText) : other;
  }
  try {
    if (read(file)?.text === deadText) fs.rmSync(file, { force: true });
  } finally {
    fs.rmSync(gate, { force: true });
  }
  return null;
};

/**
 * Takes a lock file, or returns who holds it. A dead holder's lock is taken over.
 *
 * @param {string} file its folder must exist
 * @param {{silentMs?: number}} [options] `silentMs`: age of the last heartbeat after which a holder on another host
 *   counts as dead
 * @returns {{release: () => void, renew: () => void} | {holder: Holder | null}} `holder` is null if the file is damaged
 *   but too new to be taken over
 */
export function tryLock(file, { silentMs = SILENT_MS } = {}) {
  const text = JSON.stringify({ ...thisProcess(), token: randomBytes(6).toString('hex') });
  while (!create(file, text)) {
    const other = read(file);
    if (other === null) continue;
    if (!isDead(other, silentMs)) return { holder: other.holder };
    const clearing = clear(file, other.text, text);
    if (clearing !== null) return { holder: clearing.holder };
  }
  return {
    release: () => {
      if (read(file)?.text === text) fs.rmSync(file, { force: true });
    },
    renew: () => fs.utimes(file, new Date(), new Date(), () => {}),
  };
}

/**
 * Runs `work` while this process alone holds the lock file; waits for a running holder, takes over from a dead one.
 *
 * @template T
 * @param {string} file
 * @param {(holder: Holder) => void} onWait called once, when another process holds the lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, onWait, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let taken = tryLock(file);
  for (let reported = false; 'holder' in taken; taken = tryLock(file)) {
    if (!reported && taken.holder !== null) {
      onWait(taken.holder);
      reported = true;
    }
    await sleep(200);
  }
  const { release, renew } = taken;
  const heartbeat = setInterval(renew, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release();
  }
}
