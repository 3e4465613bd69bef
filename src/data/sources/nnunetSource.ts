import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { readSplits, splitsName, splitsPath } from '../splits/splitsFile.js';
import { imageFiles } from './imagesIn.js';
import { readNnunetDescription } from './nnunetDescription.js';
import { patientsOf } from './patients.js';
import type { Source } from './source.js';
import { refuseOptions, type SourceOptions } from './sourceOptions.js';

/**
 * An nnU-Net raw dataset: `dataset.json` (version 1 or 2), `imagesTr/CASE_0000.EXT` and `labelsTr/CASE.EXT`. Folds are those of
 * `splits`, else of `splits_final.json` in the folder, else of the same dataset's folder in a sibling `nnUNet_preprocessed`.
 * @throws NoduleTrainError `nnunet-files` for a case without a label or channel, and what reading dataset.json and the folds throws
 */
export async function nnunetSource(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'nnunet', options, ['masks', 'annotations']);
  const { channel, fileEnding, intensity, values, numTraining } = await readNnunetDescription(dir, options);
  const images = await casesIn(join(dir, 'imagesTr'), new RegExp(`^(.+)_(\\d{4})${literal(fileEnding)}$`));
  const labels = await casesIn(join(dir, 'labelsTr'), new RegExp(`^(.+)${literal(fileEnding)}$`));
  const ending = `_${String(channel).padStart(4, '0')}${fileEnding}`;
  const cases = [...images.keys()].sort();
  if (cases.length === 0)
    throw new NoduleTrainError(
      'nnunet-files',
      `opening the data folder ${dir}: imagesTr holds no CASE_0000${fileEnding}; wanted are images as dataset.json names them`,
    );
  for (const name of cases) {
    const lacking = !labels.has(name) ? `labelsTr/${name}${fileEnding}` : `imagesTr/${name}${ending}`;
    if (!labels.has(name) || !images.get(name)!.includes(`${name}${ending}`))
      throw new NoduleTrainError(
        'nnunet-files',
        `opening the data folder ${dir}: case ${name} has no ${lacking}; put it there or take the case away`,
      );
  }
  const patient = await patientsOf(cases, { csv: join(dir, 'patients.csv'), pattern: options.patientPattern });
  const crops = options.crops ?? intensity === 'arbitrary';
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
        read: { path, options: { intensity } },
      };
    }),
    missing: [...labels.keys()].filter((name) => !images.has(name)).length,
    folds,
    notes: notesOf({ crops, said: options.crops !== undefined, numTraining, cases: cases.length, folds, known: cases }),
  };
}

/** Files by their case; helpers of the system, which begin with a dot, are none. */
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
  const preprocessed = join(dirname(dirname(dir)), 'nnUNet_preprocessed', basename(dir), splitsName);
  return [join(dir, splitsName), preprocessed].find((path) => existsSync(path)) ?? null;
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

interface Noted {
  crops: boolean;
  said: boolean;
  numTraining: number | null;
  cases: number;
  folds: Source['folds'];
  known: readonly string[];
}

function notesOf({ crops, said, numTraining, cases, folds, known }: Noted): string[] {
  const notes: string[] = [];
  if (crops && !said)
    notes.push(
      'Each case is taken for a crop around one nodule, as its intensities are arbitrary; --no-crops if it is a whole scan.',
    );
  if (numTraining !== null && numTraining !== cases)
    notes.push(`dataset.json speaks of ${numTraining} cases, ${cases} are there and are used.`);
  const split = new Set(folds.flatMap(({ train, validation }) => [...train, ...validation]));
  const left = known.filter((name) => !split.has(name)).length;
  if (folds.length > 0 && left > 0) notes.push(`The folds of the data leave ${left} of its cases out.`);
  return notes;
}
