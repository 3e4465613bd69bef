import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkSameGrid, isImageFile, readPrediction, uidOf, type Volume } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';

/** A folder of what any program predicted, one file for each scan. */
export interface PredictionFiles {
  /**
   * One probability per voxel, `[slices, rows, columns]`; of a mask 0 and 1.
   * @throws NoduleTrainError `prediction-missing`, `prediction-value`, `mask-shape` and `mask-grid` where it is not of this scan, and what reading throws
   */
  read(volume: Volume): Promise<Float32Array>;
}

/**
 * Looks through a folder of predictions, which are named like the cases (`UID.nii.gz`, `.mha`, `.mhd`, `.nrrd`). Others are left alone.
 *
 * @throws NoduleTrainError `predictions` where there is no such folder, or a case has two files
 */
export async function openPredictions(dir: string): Promise<PredictionFiles> {
  const names = await readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    throw new NoduleTrainError(
      'predictions',
      `opening the predictions ${dir}: ${cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be read (${cause.code})`}; wanted is a folder with one mask or one volume of probabilities for each scan`,
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
        `opening the predictions ${dir}: ${other} and ${name} are both of the case ${uid}; leave one of them`,
      );
    files.set(uid, name);
  }
  return {
    async read(volume) {
      const name = files.get(volume.uid);
      if (name === undefined)
        throw new NoduleTrainError(
          'prediction-missing',
          `scoring the predictions ${dir}: the case ${volume.uid} has none among its ${files.size} images; ` +
            `wanted is ${volume.uid}.nii.gz, .mha, .mhd or .nrrd (an empty mask where nothing was found)`,
        );
      const path = join(dir, name);
      const prediction = await readPrediction(path);
      checkSameGrid('prediction', path, prediction, volume);
      return prediction.probabilities;
    },
  };
}
