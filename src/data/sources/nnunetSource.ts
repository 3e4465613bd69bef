import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pickScanFileOptions } from '../../ct/index.js';
import { readSplits, SPLITS_FILE, splitsPath } from '../splits/splitsFile.js';
import { imageFiles } from './imagesIn.js';
import { findNnunetCases } from './nnunetCases.js';
import { readNnunetDescription } from './nnunetDescription.js';
import { findPatients } from './patients.js';
import type { Source } from './source.js';
import { chooseCrops, refuseOptions, type SourceOptions } from './sourceOptions.js';

/**
 * Opens an nnU-Net raw dataset: `dataset.json` (version 1 or 2), `imagesTr/CASE_0000.EXT` and `labelsTr/CASE.EXT`; or
 * one of the Medical Segmentation Decathlon, whose images are `imagesTr/CASE.EXT`. Its folds come from `splits`, else
 * from `splits_final.json` in the folder, else from that of the same dataset in `nnUNet_preprocessed` beside
 * `nnUNet_raw`.
 * @throws NoduleTrainError `data-option`, and what `readNnunetDescription`, `findNnunetCases`, `findPatients` and
 * `readSplits` throw
 */
export async function nnunetSource(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'nnunet', options, ['masks', 'annotations']);
  const description = await readNnunetDescription(dir, options);
  const { intensity, values, numTraining } = description;
  const found = await findNnunetCases(dir, description);
  const cases = found.cases.map(({ uid }) => uid);
  const patient = await findPatients(cases, { csv: join(dir, 'patients.csv'), pattern: options.patientPattern });
  const { crops, notes } = chooseCrops(options.crops, intensity);
  const splits = findSplits(dir, options.splits);
  const folds = splits === null ? [] : await readSplits(splits, new Set(cases));
  return {
    kind: 'nnunet',
    dir,
    scans: found.cases.map(({ uid, image, label }) => ({
      uid,
      subset: '',
      patient: patient(uid),
      truth: {
        annotations: [],
        mask: label,
        votes: null,
        contours: contours.get(uid) ?? null,
        maskValues: values,
        oneNodule: crops,
      },
      files: () => imageFiles(image),
      read: { path: image, options: { ...pickScanFileOptions(options), intensity } },
    })),
    missing: found.missing,
    lost: [],
    folds,
    notes: [...notes, ...found.notes, ...describeMismatches(cases, numTraining, folds)],
  };
}

function findSplits(dir: string, given: string | undefined): string | null {
  if (given !== undefined) return splitsPath(given);
  const preprocessed = join(dirname(dirname(dir)), 'nnUNet_preprocessed', basename(dir), SPLITS_FILE);
  return [join(dir, SPLITS_FILE), preprocessed].find((path) => existsSync(path)) ?? null;
}

/** Notes on cases that dataset.json counts differently and on cases that no fold uses. */
function describeMismatches(cases: readonly string[], numTraining: number | null, folds: Source['folds']): string[] {
  const notes: string[] = [];
  if (numTraining !== null && numTraining !== cases.length)
    notes.push(`dataset.json gives ${numTraining} cases as numTraining; using the ${cases.length} that were found.`);
  const split = new Set(folds.flatMap(({ train, validation }) => [...train, ...validation]));
  const unused = cases.filter((name) => !split.has(name)).length;
  if (folds.length > 0 && unused > 0) notes.push(`The folds of the data omit ${unused} of its cases.`);
  return notes;
}
