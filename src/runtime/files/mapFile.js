import { NoduleTrainError } from '../error.js';
import { loadLoader } from '../libtorch/load.js';

/**
 * Maps a file into memory, so that its bytes are read from the disk on first access. Writes to them stay in this
 * process and never reach the file. The mapping lasts as long as the buffer or an array over it. If another process
 * truncates the file, this process dies (SIGBUS), so map only files that are replaced and never rewritten.
 *
 * @param {string} path
 * @returns {ArrayBuffer}
 * @throws {NoduleTrainError} `map-failed`, and the errors of loading the addon
 */
export function mapFile(path) {
  const { mapFile } = loadLoader();
  try {
    return mapFile(path);
  } catch (cause) {
    throw new NoduleTrainError('map-failed', `${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
