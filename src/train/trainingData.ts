import { existsSync } from 'node:fs';
import {
  type Dataset,
  drawSplit,
  type LabelledScan,
  loadScans,
  openDataset,
  readSplit,
  type Split,
  writeSplit,
} from '../data/index.js';
import type { TrainConfig } from './config.js';

/** The scans of a run by their part; a scan is read when its turn comes and let go after it. */
export interface TrainingData {
  split: Split;
  train(): AsyncIterable<LabelledScan>;
  /** At most `validationScans` of them. */
  validation(): AsyncIterable<LabelledScan>;
  validationScans: number;
  /** Patients trained on; series where patients are unknown. */
  trainedOn: string[];
  /** What says which data these are: series by their part, and their keys where they are prepared. */
  hashes: Record<'train' | 'validation', Record<string, string | null>>;
}

/** Opens the data of a run. The split is drawn once and kept in the run, so that a resumed run has the same. */
export async function openTrainingData(
  config: TrainConfig,
  splitPath: string,
  note: (text: string) => void,
): Promise<TrainingData> {
  const { transposedDirection, wrapAtEdges, boxLabels, stopOnEither } = config.compat;
  const dataset = await openDataset(config.data, {
    rule: { compat: { transposedDirection, wrapAtEdges, boxLabels, stopOnEither } },
  });
  if (dataset.missing > 0)
    note(`${dataset.missing} annotated series are not on disk; ${dataset.scans.length} scans are, and are used.`);
  const split = existsSync(splitPath) ? await readSplit(splitPath) : await drawNew(dataset, config, splitPath, note);
  const validated = config.validationScans > 0 ? split.validation.slice(0, config.validationScans) : split.validation;
  const patients = new Map(dataset.scans.map(({ uid, patient }) => [uid, patient ?? uid]));
  const keys = (uids: readonly string[]) => Object.fromEntries(uids.map((uid) => [uid, dataset.key(uid)]));
  return {
    split,
    train: () => loadScans(dataset, split.train),
    validation: () => loadScans(dataset, validated),
    validationScans: validated.length,
    trainedOn: [...new Set(split.train.map((uid) => patients.get(uid) ?? uid))],
    hashes: { train: keys(split.train), validation: keys(split.validation) },
  };
}

async function drawNew(dataset: Dataset, config: TrainConfig, path: string, note: (text: string) => void) {
  const { seed, validationShare, compat } = config;
  const split = drawSplit(dataset.scans, { seed, validationShare, strideSplit: compat.strideSplit });
  if (split.unit === 'series' && !compat.strideSplit)
    note('The data do not say which patient a scan is of (patients.csv), so the split is by series.');
  await writeSplit(path, split);
  return split;
}
