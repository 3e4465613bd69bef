import fs from 'node:fs';
import os from 'node:os';

/**
 * @typedef {object} Holder a process, distinguished from a later one with the same pid
 * @property {string} host
 * @property {number} pid
 * @property {string | null} started start time of the process, null if the system does not report it
 */

/** Start time of a process in clock ticks (field 22 of /proc/PID/stat). @param {number} pid @returns {string | null} */
const startOf = (pid) => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in parentheses and may hold spaces and parentheses, so count from the last one.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
};

/** Identifies this process. @returns {Holder} */
export function thisProcess() {
  return { host: os.hostname(), pid: process.pid, started: startOf(process.pid) };
}

/** Whether a process of this host has ended. @param {Pick<Holder, 'pid' | 'started'>} holder */
export function hasEnded({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') return true;
  }
  return started !== null && startOf(pid) !== started;
}
