import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { readSplits, splitsPath } from '../splits/splitsFile.js';
import { imageFiles, imagesIn } from './imagesIn.js';
import { patientsOf } from './patients.js';
import type { Source } from './source.js';
import { refuseOptions, type SourceOptions } from './sourceOptions.js';

/** The two folders of a data set of images and label images. */
export function pairFolders(dir: string, masks: string | undefined): { images: string; labels: string } {
  const images = join(dir, 'images');
  return { images: existsSync(images) ? images : dir, labels: masks ?? join(dir, 'labels') };
}

/**
 * Images and label images of the same name: `images/X.ext` and `labels/X.ext`, or the folder of the images and `masks`. All but 0 is nodule.
 * @throws NoduleTrainError `pairs-files` where there are no images, or one has no label image
 */
export async function pairsSource(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'pairs', options, ['label', 'channel', 'annotations']);
  const folders = pairFolders(dir, options.masks);
  const [images, labels] = await Promise.all([imagesIn(folders.images), imagesIn(folders.labels)]);
  const bare = [...images.keys()].filter((name) => !labels.has(name));
  if (images.size === 0 || bare.length > 0) {
    const found =
      images.size === 0
        ? `${folders.images} holds no image in a format that is read`
        : `${bare.length} of ${images.size} images have no label image of their name in ${folders.labels}, the first is ${bare[0]}`;
    throw new NoduleTrainError(
      'pairs-files',
      `opening the data folder ${dir}: ${found}; wanted are pairs such as images/X.nii.gz and labels/X.nii.gz`,
    );
  }
  const uids = [...images.keys()];
  const patient = await patientsOf(uids, { csv: join(dir, 'patients.csv'), pattern: options.patientPattern });
  const crops = options.crops ?? options.intensity === 'arbitrary';
  return {
    kind: 'pairs',
    dir,
    scans: [...images].map(([uid, path]) => ({
      uid,
      subset: '',
      patient: patient(uid),
      truth: {
        annotations: [],
        mask: labels.get(uid)!,
        votes: null,
        contours: contours.get(uid) ?? null,
        oneNodule: crops,
      },
      files: () => imageFiles(path),
      read: { path, options: options.intensity === undefined ? {} : { intensity: options.intensity } },
    })),
    missing: [...labels.keys()].filter((name) => !images.has(name)).length,
    folds: options.splits === undefined ? [] : await readSplits(splitsPath(options.splits), new Set(uids)),
    notes:
      crops && options.crops === undefined
        ? [
            'Each image is taken for a crop around one nodule, as its intensities are arbitrary; --no-crops if it is a whole scan.',
          ]
        : [],
  };
}
