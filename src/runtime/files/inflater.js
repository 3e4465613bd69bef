import { loadLoader } from '../libtorch/load.js';

/**
 * @typedef {object} NativeInflated
 * @property {'longer' | 'damaged' | null} fault `longer`: more came out than `out` holds
 * @property {number} bytes what was written into `out`
 *
 * @typedef {object} Inflater
 * @property {string} name such as `libdeflate 1.26`
 * @property {(packed: Uint8Array, out: Uint8Array) => Promise<NativeInflated>} inflate unpacks a zlib or gzip stream on
 *   another thread; neither array may be detached meanwhile
 * @property {(bytes: Uint8Array) => Promise<void>} populate has the kernel hand out fresh memory on another thread, which
 *   is cheaper in one go than page by page while it is written
 */

/** @type {{inflater: Inflater, reason: null} | {inflater: null, reason: string} | undefined} */
let found;

/** @returns {NonNullable<typeof found>} */
const find = () => {
  try {
    const { inflater: name, inflate, populate } = loadLoader();
    return name && inflate && populate
      ? { inflater: { name, inflate, populate }, reason: null }
      : { inflater: null, reason: 'the addon was built without libdeflate' };
  } catch (error) {
    return { inflater: null, reason: error instanceof Error ? error.message : String(error) };
  }
};

/**
 * libdeflate from the addon, or why it is not there: scans are read without it too, by node:zlib, more slowly. `doctor`
 * says which it is.
 */
export function findInflater() {
  found ??= find();
  return found;
}
