import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeMask, writeVolume } from '../ct/index.js';
import { NoduleTrainError, replaceJson } from '../runtime/index.js';
import type { Dataset } from './dataset.js';
import { splitsName, writeSplits } from './splits/splitsFile.js';

const ending = '.nii.gz';

/**
 * Writes a data set as an nnU-Net raw folder: `imagesTr/UID_0000.nii.gz`, `labelsTr/UID.nii.gz` (1 nodule), `dataset.json` last, and
 * `splits_final.json` where the data bring folds along. Scans are held one at a time.
 * @throws NoduleTrainError `sampler-intensity` where scans in HU and others are mixed, `scan-write`
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
        `writing ${dir}: series ${uid} holds ${volume.intensity} values, but the ones before it ${intensity}; an nnU-Net folder has one kind`,
      );
    await writeVolume(join(dir, 'imagesTr', `${uid}_0000${ending}`), volume);
    const { shape, spacing, origin, direction } = volume;
    await writeMask(join(dir, 'labelsTr', `${uid}${ending}`), { voxels: mask, shape, spacing, origin, direction, uid });
    onProgress(n + 1, dataset.scans.length);
  }
  if (dataset.folds.length > 0) await writeSplits(join(dir, splitsName), dataset.folds);
  await replaceJson(join(dir, 'dataset.json'), {
    channel_names: { 0: intensity === 'hu' ? 'CT' : 'image' },
    labels: { background: 0, nodule: 1 },
    numTraining: dataset.scans.length,
    file_ending: ending,
    intensity,
  });
}
