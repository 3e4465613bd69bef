import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeMask, writeVolume } from '../ct/index.js';
import { NoduleTrainError, replaceJson } from '../runtime/index.js';
import type { Dataset } from './dataset.js';
import { SPLITS_FILE, writeSplits } from './splits/splitsFile.js';

const FILE_ENDING = '.nii.gz';

/**
 * Writes a data set as an nnU-Net raw folder: `imagesTr/UID_0000.nii.gz`, `labelsTr/UID.nii.gz` (1 is nodule),
 * `splits_final.json` if the data set has folds of its own, and `dataset.json` last. Holds one scan in memory at a
 * time.
 * @throws NoduleTrainError `sampler-intensity` if scans in HU and scans of other intensities are mixed, and what
 * loading and writing scans throw
 */
export async function writeNnunet(
  dataset: Dataset,
  dir: string,
  onProgress: (done: number, scans: number) => void = () => {},
): Promise<void> {
  for (const folder of ['imagesTr', 'labelsTr']) await mkdir(join(dir, folder), { recursive: true });
  let intensity: 'hu' | 'arbitrary' | undefined;
  for (const [n, { uid }] of dataset.scans.entries()) {
    const { volume, mask } = await dataset.load(uid);
    intensity ??= volume.intensity;
    if (volume.intensity !== intensity)
      throw new NoduleTrainError(
        'sampler-intensity',
        `writing the nnU-Net folder ${dir}: the values of series ${uid} are ${volume.intensity}, expected ` +
          `${intensity} as in the series before it. Write the two kinds into separate folders.`,
      );
    await writeVolume(join(dir, 'imagesTr', `${uid}_0000${FILE_ENDING}`), volume);
    const { shape, spacing, origin, direction } = volume;
    const labels = { voxels: mask, shape, spacing, origin, direction, uid };
    await writeMask(join(dir, 'labelsTr', `${uid}${FILE_ENDING}`), labels);
    onProgress(n + 1, dataset.scans.length);
  }
  if (dataset.folds.length > 0) await writeSplits(join(dir, SPLITS_FILE), dataset.folds);
  await replaceJson(join(dir, 'dataset.json'), {
    channel_names: { 0: intensity === 'hu' ? 'CT' : 'image' },
    labels: { background: 0, nodule: 1 },
    numTraining: dataset.scans.length,
    file_ending: FILE_ENDING,
    intensity,
  });
}
