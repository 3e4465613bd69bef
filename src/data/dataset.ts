import { NoduleTrainError } from '../runtime/index.js';
import type { LabelledScan } from './labelling/labelledScan.js';
import type { Source } from './sources/source.js';
import type { Fold } from './splits/fold.js';
import type { SplitScan } from './splits/split.js';

export interface DatasetScan extends SplitScan {
  /** Folder of the LUNA16 layout that it lies in. */
  subset: string;
}

/** Scans with ground truth, read one at a time. */
export interface Dataset {
  kind: Source['kind'] | 'store';
  dir: string;
  scans: DatasetScan[];
  /** Series that the annotations name and that are not on disk. */
  missing: number;
  /** Splits that the data bring along, by fold. */
  folds: readonly Fold[];
  /** What the user should know of these data, each one sentence. */
  notes: readonly string[];
  /** What says that a scan is this one: changes with its file, the rule and its options. Null before `prepare`. */
  key(uid: string): string | null;
  /** @throws NoduleTrainError `dataset-series` where the data set has no such series */
  load(uid: string): Promise<LabelledScan>;
}

export const unknownSeries = (dir: string, uid: string) =>
  new NoduleTrainError('dataset-series', `reading series ${uid}: the data in ${dir} have no such series`);

/** Loads scans one after another. */
export async function* loadScans(dataset: Dataset, uids: readonly string[]): AsyncGenerator<LabelledScan> {
  for (const uid of uids) yield await dataset.load(uid);
}
