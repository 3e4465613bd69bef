import { existsSync } from 'node:fs';
import {
  type Dataset,
  drawSplit,
  type LabelledScan,
  loadScans,
  openDataset,
  pickSourceOptions,
  readSplit,
  type Split,
  sharesPatients,
  splitFromFold,
  writeSplit,
} from '../../data/index.js';
import type { LabelAccount } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { TrainConfig } from '../config/schema.js';

/** The scans of a run by part. A scan is read when it is needed and released after it. */
export interface TrainingData {
  split: Split;
  train(): AsyncIterable<LabelledScan>;
  /** Iterates over at most `validationScans` validation scans. */
  validation(): AsyncIterable<LabelledScan>;
  validationScans: number;
  /** Training patients, or series where patients are unknown. */
  trainedOn: string[];
  /** Validation patients, or series where patients are unknown. */
  validatedOn: string[];
  /**
   * What became of the annotations and label images of the training scans, or of all. Of a folder that is not prepared,
   * only the scans read so far are counted.
   */
  labels(part: 'train' | 'all'): LabelAccount;
  /** Identifies the data: series by part, with the keys of prepared ones. */
  hashes: Record<'train' | 'validation', Record<string, string | null>>;
}

/** Opens the data of a run, with the ground truth that its configuration asks for. `dir` is their current folder. */
export function openRunDataset(config: TrainConfig, dir = config.data): Promise<Dataset> {
  const { transposedDirection, wrapAtEdges, boxLabels, stopOnEither } = config.compat;
  return openDataset(dir, {
    ...pickSourceOptions(config),
    labels: {
      labels: config.labels,
      sphere: config.sphere,
      votes: config.votes,
      mask: config.mask,
      box: { compat: { transposedDirection, wrapAtEdges, boxLabels, stopOnEither } },
    },
  });
}

/**
 * Opens the data of a run. The split is drawn once and saved at `splitPath`, so that a resumed run has the same one;
 * null does not save it.
 */
export async function openTrainingData(
  config: TrainConfig,
  splitPath: string | null,
  note: (text: string) => void,
): Promise<TrainingData> {
  const dataset = await openRunDataset(config);
  for (const text of dataset.notes) note(text);
  if (dataset.missing > 0)
    note(
      `${dataset.missing} annotated series are not on disk; training uses the ${dataset.scans.length} scans that are.`,
    );
  const kept = splitPath !== null && existsSync(splitPath);
  const split = kept ? await readSplit(splitPath) : await chooseSplit(dataset, config, note);
  if (splitPath !== null && !kept) await writeSplit(splitPath, split);
  const validated = config.validationScans > 0 ? split.validation.slice(0, config.validationScans) : split.validation;
  const patients = new Map(dataset.scans.map(({ uid, patient }) => [uid, patient ?? uid]));
  const patientsOf = (uids: readonly string[]) => [...new Set(uids.map((uid) => patients.get(uid) ?? uid))];
  const keys = (uids: readonly string[]) => Object.fromEntries(uids.map((uid) => [uid, dataset.key(uid)]));
  const uids = [...new Set([...split.train, ...validated])];
  return {
    split,
    labels: (part) => dataset.labelAccount(part === 'train' ? split.train : uids),
    train: () => loadScans(dataset, split.train),
    validation: () => loadScans(dataset, validated),
    validationScans: validated.length,
    trainedOn: patientsOf(split.train),
    validatedOn: patientsOf(split.validation),
    hashes: { train: keys(split.train), validation: keys(split.validation) },
  };
}

async function chooseSplit(dataset: Dataset, config: TrainConfig, note: (text: string) => void): Promise<Split> {
  const { seed, validationShare, compat, fold, folds, split: given } = config;
  const split =
    given !== undefined
      ? await readGiven(dataset, given)
      : fold !== undefined
        ? splitFromFold(dataset, { fold, folds })
        : drawSplit(dataset.scans, { seed, validationShare, strideSplit: compat.strideSplit });
  if (split.unit === 'series' && !compat.strideSplit)
    note(
      sharesPatients(dataset.scans, split)
        ? 'Some patients have scans on both sides of this split, so its validation is too optimistic.'
        : 'The data do not record which patient a scan is of (patients.csv), so the split is by series.',
    );
  return split;
}

async function readGiven(dataset: Dataset, path: string): Promise<Split> {
  const split = await readSplit(path);
  const known = new Set(dataset.scans.map(({ uid }) => uid));
  const unknown = [...split.train, ...split.validation].find((uid) => !known.has(uid));
  if (unknown === undefined) return split;
  throw new NoduleTrainError(
    'split-file',
    `reading the split ${path}: found series ${unknown}, which is not in ${dataset.dir}. Give a split of these data.`,
  );
}
