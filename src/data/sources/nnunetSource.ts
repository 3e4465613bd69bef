import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pickScanFileOptions } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { readSplits, SPLITS_FILE, splitsPath } from '../splits/splitsFile.js';
import { imageFiles } from './imagesIn.js';
import { readNnunetDescription } from './nnunetDescription.js';
import { findPatients } from './patients.js';
import type { Source } from './source.js';
import { chooseCrops, refuseOptions, type SourceOptions } from './sourceOptions.js';

/**
 * Opens an nnU-Net raw dataset: `dataset.json` (version 1 or 2), `imagesTr/CASE_0000.EXT` and `labelsTr/CASE.EXT`. Its
 * folds come from `splits`, else from `splits_final.json` in the folder, else from that of the same dataset in
 * `nnUNet_preprocessed` beside `nnUNet_raw`.
 * @throws NoduleTrainError `nnunet-files` if a case lacks its label or channel, `data-option`, and what
 * `readNnunetDescription`, `findPatients` and `readSplits` throw
 */
export async function nnunetSource(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'nnunet', options, ['masks', 'annotations']);
  const { channel, fileEnding, intensity, values, numTraining } = await readNnunetDescription(dir, options);
  const images = await casesIn(join(dir, 'imagesTr'), new RegExp(`^(.+)_(\\d{4})${escaped(fileEnding)}$`));
  const labels = await casesIn(join(dir, 'labelsTr'), new RegExp(`^(.+)${escaped(fileEnding)}$`));
  const ending = `_${String(channel).padStart(4, '0')}${fileEnding}`;
  const cases = [...images.keys()].sort();
  if (cases.length === 0)
    throw new NoduleTrainError(
      'nnunet-files',
      `opening the data folder ${dir}: found no CASE_0000${fileEnding} in imagesTr, expected images with the ` +
        'file_ending of dataset.json. Copy them there, or correct the ending.',
    );
  for (const name of cases) {
    const missing = !labels.has(name) ? `labelsTr/${name}${fileEnding}` : `imagesTr/${name}${ending}`;
    if (!labels.has(name) || !images.get(name)!.includes(`${name}${ending}`))
      throw new NoduleTrainError(
        'nnunet-files',
        `opening the data folder ${dir}: case ${name} has no ${missing}. Add the file, or remove the case.`,
      );
  }
  const patient = await findPatients(cases, { csv: join(dir, 'patients.csv'), pattern: options.patientPattern });
  const { crops, notes } = chooseCrops(options.crops, intensity);
  const splits = findSplits(dir, options.splits);
  const folds = splits === null ? [] : await readSplits(splits, new Set(cases));
  return {
    kind: 'nnunet',
    dir,
    scans: cases.map((uid) => {
      const path = join(dir, 'imagesTr', `${uid}${ending}`);
      return {
        uid,
        subset: '',
        patient: patient(uid),
        truth: {
          annotations: [],
          mask: join(dir, 'labelsTr', `${uid}${fileEnding}`),
          votes: null,
          contours: contours.get(uid) ?? null,
          maskValues: values,
          oneNodule: crops,
        },
        files: () => imageFiles(path),
        read: { path, options: { ...pickScanFileOptions(options), intensity } },
      };
    }),
    missing: [...labels.keys()].filter((name) => !images.has(name)).length,
    lost: [],
    folds,
    notes: [...notes, ...describeMismatches(cases, numTraining, folds)],
  };
}

/** Finds files by their case, without hidden files, which belong to the system. */
async function casesIn(folder: string, pattern: RegExp): Promise<Map<string, string[]>> {
  const files = await readdir(folder).catch(() => []);
  const cases = new Map<string, string[]>();
  for (const file of files) {
    const name = file.startsWith('.') ? undefined : pattern.exec(file)?.[1];
    if (name !== undefined) cases.set(name, [...(cases.get(name) ?? []), file]);
  }
  return cases;
}

function findSplits(dir: string, given: string | undefined): string | null {
  if (given !== undefined) return splitsPath(given);
  const preprocessed = join(dirname(dirname(dir)), 'nnUNet_preprocessed', basename(dir), SPLITS_FILE);
  return [join(dir, SPLITS_FILE), preprocessed].find((path) => existsSync(path)) ?? null;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

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
