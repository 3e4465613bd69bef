import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isImageFile,
  layOnScan,
  type MaskValues,
  readPrediction,
  uidOf,
  type Volume,
  warnAboutScan,
} from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';

/** A folder with the predictions of any program, one file per scan. */
export interface PredictionFiles {
  /**
   * Checks that each of these scans has a prediction.
   * @throws NoduleTrainError `prediction-missing`, with their number
   */
  require(uids: readonly string[]): void;
  /** Names of the predictions that are of none of these scans. */
  unused(uids: readonly string[]): string[];
  /**
   * Reads the prediction of a scan: one probability per voxel, `[slices, rows, columns]`; 0 and 1 for a mask.
   * `meanings` are those of the data's own label images, if these hold several labels.
   * @throws NoduleTrainError `prediction-missing`, `prediction-value`, `mask-shape` or `mask-grid` if it does not fit
   *   the scan, and what reading the file throws
   */
  read(volume: Volume, meanings: MaskValues | null): Promise<Float32Array>;
  /**
   * Checks, when all are read, that they hold the value of nodules, if they hold any.
   * @returns what the user should know if a value was given that none holds; null if nothing
   * @throws NoduleTrainError `prediction-label` if none was given, and no prediction holds the label's value
   */
  checkValues(): string | null;
}

/** Value of nodules in the predictions: one or several numbers separated by commas, or `any` for all except 0. */
const LABEL_PATTERN = /^(any|\d{1,5}(,\d{1,5})*)$/;

/**
 * Lists a folder of predictions, which are named like their cases (`UID.nii.gz`, `.mha`, `.mhd`, `.nrrd`). Other files
 * are ignored.
 * @param label value of nodules in masks; by default that of the data's own label images, if these hold several labels,
 *   else any except 0
 *
 * @throws NoduleTrainError `predictions` if the folder cannot be read, or a case has two files; `evaluate-options` for
 *   a `label` that is no value
 */
export async function openPredictions(dir: string, label?: string): Promise<PredictionFiles> {
  if (label !== undefined && !LABEL_PATTERN.test(label))
    throw new NoduleTrainError(
      'evaluate-options',
      `scoring the predictions ${dir}: found \`predictionLabel\` ${JSON.stringify(label)}, expected the value of ` +
        'nodules, such as 2 or 2,3, or any. Correct --prediction-label.',
    );
  const chosen = label === undefined || label === 'any' ? null : label.split(',').map(Number);
  const files = await listPredictions(dir);
  let scored: readonly number[] | null = null;
  let withLabel = 0;
  let read = 0;
  const others = new Set<number>();
  const requireAll = (uids: readonly string[]): void => {
    const missing = uids.filter((uid) => !files.has(uid));
    const first = missing[0];
    if (first === undefined) return;
    const more = missing.length === 1 ? '' : ` and ${missing.length - 1} others, of ${uids.length} scans,`;
    const example = [...files.values()].find((name) => !uids.includes(uidOf(name)));
    throw new NoduleTrainError(
      'prediction-missing',
      `scoring the predictions ${dir}: found none for the case ${first}${more} among ${files.size} images` +
        `${example === undefined ? '' : ` (one is called ${example})`}, expected ${first}.nii.gz, .mha, .mhd or ` +
        '.nrrd. Write an empty mask if nothing was found.',
    );
  };
  return {
    require: requireAll,
    unused(uids) {
      const known = new Set(uids);
      return [...files].flatMap(([uid, name]) => (known.has(uid) ? [] : [name]));
    },
    async read(volume, meanings) {
      requireAll([volume.uid]);
      const path = join(dir, files.get(volume.uid)!);
      const hasOtherLabels = meanings?.other?.some((value) => value !== 0) ?? false;
      const coding = label === undefined && hasOtherLabels ? meanings : null;
      const prediction = await readPrediction(path, coding ?? codingOf(chosen));
      const { probabilities, ...placed } = prediction;
      const laid = layOnScan('prediction', path, { ...placed, voxels: probabilities }, volume);
      for (const note of [...prediction.notes, ...laid.notes]) warnAboutScan(`${path}: ${note}`);
      scored = coding?.nodule ?? chosen;
      read++;
      if (prediction.values.some((value) => scored?.includes(value))) withLabel++;
      else for (const value of prediction.values) others.add(value);
      return laid.voxels;
    },
    checkValues() {
      if (scored === null || withLabel > 0 || others.size === 0) return null;
      const found = [...others].sort((a, b) => a - b).join(', ');
      if (label !== undefined) return `None of ${read} predictions holds ${label}; found only ${found} beside 0.`;
      throw new NoduleTrainError(
        'prediction-label',
        `scoring the predictions ${dir}: none of ${read} holds ${scored.join(' or ')}, the value of the scored label in ` +
          `these data; found only ${found} beside 0. If ${found} marks nodules, give --prediction-label ${found} (or any). ` +
          `If no nodule was predicted, give --prediction-label ${scored.join(',')}.`,
      );
    },
  };
}

/** Meanings of the chosen values, where all others are background. */
const codingOf = (chosen: readonly number[] | null): MaskValues | null =>
  chosen === null ? null : { nodule: chosen, other: null };

async function listPredictions(dir: string): Promise<Map<string, string>> {
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
  return files;
}
