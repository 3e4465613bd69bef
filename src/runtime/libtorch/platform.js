import os from 'node:os';
import { GLIBC_FLOOR, NODE_FLOORS } from '../versions.js';
import { loadError } from './loadError.js';

/**
 * @typedef {object} Machine
 * @property {string} platform as process.platform
 * @property {string} arch as process.arch
 * @property {string} node version without the v
 * @property {string | null} [glibc] its version, null on a Linux without glibc (musl), absent if not queried
 */

/** Returns the glibc version of this process, null with another C library. @returns {string | null} */
export function glibcVersion() {
  const report = /** @type {{excludeNetwork?: boolean, getReport(): object}} */ (process.report);
  const before = report.excludeNetwork;
  // Otherwise the report resolves every network address of the machine.
  report.excludeNetwork = true;
  const { header } = /** @type {{header: {glibcVersionRuntime?: string}}} */ (report.getReport());
  report.excludeNetwork = before;
  return header.glibcVersionRuntime ?? null;
}

/** @returns {Required<Machine>} */
export function thisMachine() {
  return {
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    glibc: process.platform === 'linux' ? glibcVersion() : null,
  };
}

/** @param {string} version @param {string} floor */
const isBelow = (version, floor) => {
  const [a = 0, b = 0] = version.split('.').map(Number);
  const [c = 0, d = 0] = floor.split('.').map(Number);
  return a < c || (a === c && b < d);
};

export const NODE_WANTED = `${NODE_FLOORS.map((floor) => floor.join('.')).join(', ')} or newer`;

/** Whether this package supports a version of Node. @param {string} version e.g. `20.19.0` */
export function nodeFits(version) {
  const [major = 0] = version.split('.').map(Number);
  const floor = NODE_FLOORS.find(([line]) => line === major);
  return floor === undefined ? major > (NODE_FLOORS.at(-1)?.[0] ?? 0) : !isBelow(version, floor.join('.'));
}

/**
 * Explains why the addon cannot be loaded on a machine; null if it can.
 * @param {Machine} machine without `glibc` the C library is not checked
 */
export function platformFault({ platform, arch, node, glibc }) {
  if (!nodeFits(node))
    return loadError('node-unsupported', `loading nodule-train: found Node ${node}, expected ${NODE_WANTED}`);
  if (platform !== 'linux' || arch !== 'x64')
    return loadError(
      'platform-unsupported',
      `loading nodule-train: found ${platform} on ${arch}, expected Linux on x86-64. ` +
        'Use such a machine or a container of that platform (docker run --platform linux/amd64)',
    );
  if (glibc === null)
    return loadError(
      'libc-unsupported',
      `loading nodule-train: found musl as the C library (as in Alpine), expected glibc ${GLIBC_FLOOR} or newer. ` +
        'Use Debian, Ubuntu or another system with glibc (image node:22-slim instead of node:22-alpine)',
    );
  if (glibc !== undefined && isBelow(glibc, GLIBC_FLOOR))
    return loadError(
      'libc-unsupported',
      `loading nodule-train: found glibc ${glibc}, expected ${GLIBC_FLOOR} or newer ` +
        `(Debian 10, Ubuntu 20.04, RHEL 8). Use a newer system or container (this one is ${os.release()})`,
    );
  return null;
}
