import { loadLoader } from '../libtorch/load.js';

/**
 * @typedef {object} NativeInflated
 * @property {'longer' | 'damaged' | null} fault `longer`: the data is longer than `out`
 * @property {number} bytes bytes written into `out`
 *
 * @typedef {object} Inflater
 * @property {string} name such as `libdeflate 1.26`
 * @property {(packed: Uint8Array, out: Uint8Array) => Promise<NativeInflated>} inflate unpacks a zlib or gzip stream on
 *   another thread; neither array may be detached until the promise
 *   settles
 * @property {(bytes: Uint8Array) => Promise<void>} populate has the kernel allocate the pages of fresh memory on
 *   another thread, which is cheaper than page by page on the first write
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
 * Returns the addon's libdeflate, or why it is missing. Without it node:zlib inflates scans, more slowly. `doctor`
 * reports which is used.
 */
export function findInflater() {
  found ??= find();
  return found;
}
