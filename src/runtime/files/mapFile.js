import { NoduleTrainError } from '../error.js';
import { loadLoader } from '../libtorch/load.js';

/**
 * The bytes of a file, which are read from the disk when they are looked at and not before. What is written into them stays in
 * this process and never reaches the file. They live as long as the buffer or an array over it does. A file that another process
 * cuts short meanwhile ends this one (SIGBUS), so map only files that are replaced and never rewritten.
 *
 * @param {string} path
 * @returns {ArrayBuffer}
 * @throws {NoduleTrainError} `map-failed`, and what loading the addon throws
 */
export function mapFile(path) {
  const { mapFile } = loadLoader();
  try {
    return mapFile(path);
  } catch (cause) {
    throw new NoduleTrainError('map-failed', `${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
