import { join } from 'node:path';
import { pickScanFileOptions } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { readSplits, splitsPath } from '../splits/splitsFile.js';
import { lookUpCase } from './caseNames.js';
import { imageFiles, imagesAndSeriesIn, imagesIn } from './imagesIn.js';
import { findPath } from './listDataFolder.js';
import { findPatients } from './patients.js';
import type { Source } from './source.js';
import { chooseCrops, refuseOptions, type SourceOptions } from './sourceOptions.js';

/** The two folders of a data set of images and label images. */
async function pairFolders(dir: string, masks: string | undefined): Promise<{ images: string; labels: string }> {
  return {
    images: (await findPath(dir, 'images')) ?? dir,
    labels: masks ?? (await findPath(dir, 'labels')) ?? join(dir, 'labels'),
  };
}

/**
 * Opens images and masks of the same name: `images/X.ext` and `labels/X.ext`, or a folder of images and `masks`. Either
 * may also be a DICOM file of any name or a folder of DICOM files. Every value except 0 is nodule.
 * @throws NoduleTrainError `pairs-files` if there are no images, or one has no label image; `data-option`, and what
 * `findPatients` and `readSplits` throw
 */
export async function pairsSource(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'pairs', options, ['label', 'channel', 'annotations']);
  const folders = await pairFolders(dir, options.masks);
  const [images, labels] = await Promise.all([
    // The folder itself may have the labels in a subfolder.
    folders.images === dir ? imagesIn(dir) : imagesAndSeriesIn(folders.images),
    imagesAndSeriesIn(folders.labels),
  ]);
  const labelOf = lookUpCase(labels);
  const unlabelled = [...images.keys()].filter((name) => labelOf(name) === undefined);
  if (images.size === 0 || unlabelled.length > 0) {
    const found =
      images.size === 0
        ? `found no image of a known format in ${folders.images}`
        : `${unlabelled.length} of ${images.size} images have no label image of the same name in ${folders.labels} ` +
          `(first: ${unlabelled[0]})`;
    throw new NoduleTrainError(
      'pairs-files',
      `opening the data folder ${dir}: ${found}, expected pairs such as images/X.nii.gz and labels/X.nii.gz. ` +
        'Add the files, or name the folder of the label images with --masks.',
    );
  }
  const uids = [...images.keys()];
  const patient = await findPatients(uids, { csv: join(dir, 'patients.csv'), pattern: options.patientPattern });
  const { crops, notes } = chooseCrops(options.crops, options.intensity);
  return {
    kind: 'pairs',
    dir,
    scans: [...images].map(([uid, path]) => ({
      uid,
      subset: '',
      patient: patient(uid),
      truth: {
        annotations: [],
        mask: labelOf(uid)!,
        votes: null,
        contours: contours.get(uid) ?? null,
        oneNodule: crops,
      },
      files: () => imageFiles(path),
      read: { path, options: pickScanFileOptions(options) },
    })),
    missing: labels.size - images.size,
    lost: [],
    folds: options.splits === undefined ? [] : await readSplits(splitsPath(options.splits), new Set(uids)),
    notes,
  };
}
