import type { LabelAccount, LabelValues } from '../labels/index.js';
import { NoduleTrainError } from '../runtime/index.js';
import type { LabelledScan } from './labelling/labelledScan.js';
import type { Source } from './sources/source.js';
import type { Fold } from './splits/fold.js';
import type { SplitScan } from './splits/split.js';

export interface DatasetScan extends SplitScan {
  /** Folder of the scan in LUNA16's layout (subset0 …); '' in other layouts. */
  subset: string;
}

/** Scans with ground truth, loaded one at a time. */
export interface Dataset {
  kind: Source['kind'] | 'store';
  dir: string;
  scans: DatasetScan[];
  /** Number of series that the annotations name but that are not on disk. */
  missing: number;
  /** The data set's own folds; empty if it has none. */
  folds: readonly Fold[];
  /** What the user should know about these data, one sentence each. */
  notes: readonly string[];
  /** Key of a prepared scan, which changes with its files, the rule and its options. Null before `prepare`. */
  key(uid: string): string | null;
  /** Meaning of the values of a scan's label image; null if all except 0 are nodule, or it has none. */
  labelValues(uid: string): LabelValues | null;
  /**
   * What became of the annotations and label images of some scans, by default of all, and of the series that are not on
   * disk. A prepared store knows all of it; of a folder, only the scans loaded so far are counted.
   */
  labelAccount(uids?: readonly string[]): LabelAccount;
  /** @throws NoduleTrainError `dataset-series` if the data set has no such series */
  load(uid: string): Promise<LabelledScan>;
}

export function unknownSeries(dir: string, uid: string): NoduleTrainError {
  return new NoduleTrainError(
    'dataset-series',
    `reading series ${uid}: ${dir} has no such series, expected one listed in \`scans\`. Check the UID.`,
  );
}

/** Loads scans one after another. */
export async function* loadScans(dataset: Dataset, uids: readonly string[]): AsyncGenerator<LabelledScan> {
  for (const uid of uids) yield await dataset.load(uid);
}
