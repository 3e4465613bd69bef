import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkSameGrid, isImageFile, readPrediction, uidOf, type Volume } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';

/** A folder with the predictions of any program, one file per scan. */
export interface PredictionFiles {
  /**
   * Reads the prediction of a scan: one probability per voxel, `[slices, rows, columns]`; 0 and 1 for a mask.
   * @throws NoduleTrainError `prediction-missing`, `prediction-value`, `mask-shape` or `mask-grid` if it does not fit
   *   the scan, and what reading the file throws
   */
  read(volume: Volume): Promise<Float32Array>;
}

/**
 * Lists a folder of predictions, which are named like their cases (`UID.nii.gz`, `.mha`, `.mhd`, `.nrrd`). Other files
 * are ignored.
 *
 * @throws NoduleTrainError `predictions` if the folder cannot be read, or a case has two files
 */
export async function openPredictions(dir: string): Promise<PredictionFiles> {
  const names = await readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    throw new NoduleTrainError(
      'predictions',
      `opening the predictions ${dir}: ` +
        `${cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be read (${cause.code})`}, ` +
        'expected a folder with one mask or one volume of probabilities per scan. Correct --predictions.',
      { cause },
    );
  });
  const files = new Map<string, string>();
  for (const name of names.sort()) {
    if (name.startsWith('.') || !isImageFile(name)) continue;
    const uid = uidOf(name);
    const other = files.get(uid);
    if (other !== undefined)
      throw new NoduleTrainError(
        'predictions',
        `opening the predictions ${dir}: found ${other} and ${name} for the case ${uid}, expected one file. ` +
          'Remove the other.',
      );
    files.set(uid, name);
  }
  return {
    async read(volume) {
      const name = files.get(volume.uid);
      if (name === undefined)
        throw new NoduleTrainError(
          'prediction-missing',
          `scoring the predictions ${dir}: found none for the case ${volume.uid} among ${files.size} images, ` +
            `expected ${volume.uid}.nii.gz, .mha, .mhd or .nrrd. Write an empty mask if nothing was found.`,
        );
      const path = join(dir, name);
      const prediction = await readPrediction(path);
      checkSameGrid('prediction', path, prediction, volume);
      return prediction.probabilities;
    },
  };
}
