import {
  type Dataset,
  type DatasetScan,
  readSplit,
  type SourceOptions,
  type SplitChoice,
  type SplitPart,
  splitChoiceFault,
  splitFromFold,
} from '../data/index.js';
import type { LabelRuleOptions } from '../labels/index.js';
import { NoduleTrainError } from '../runtime/index.js';

/** Scans of a data folder: all, one part of a split, or those that validate in one fold. */
export interface ScanChoice extends SplitChoice {
  /** A folder of scans in a known layout, or a prepared store. */
  data: string;
  /** Part of the split; default test. */
  part?: SplitPart | undefined;
  /** What the data do not record themselves. */
  source?: SourceOptions;
  /** Rule of the ground truth; a prepared store has its own. */
  labels?: LabelRuleOptions;
}

/** @throws NoduleTrainError `evaluate-options` where options of the choice contradict each other */
export function checkScanChoice(doing: string, choice: ScanChoice): void {
  const fault = splitChoiceFault(choice);
  if (fault !== null) throw new NoduleTrainError('evaluate-options', `${doing} ${choice.data}: ${fault}.`);
}

/**
 * Returns the chosen scans of a data set. `parts` are those taken where the choice names none: of a split, and of a fold.
 * @throws NoduleTrainError `split-empty` where the part has no scan of these data, and what reading the split throws
 */
export async function chooseScans(
  doing: string,
  dataset: Dataset,
  { split, part, fold, folds }: ScanChoice,
  parts: { split: SplitPart; fold: SplitPart },
): Promise<DatasetScan[]> {
  const { scans, dir } = dataset;
  if (split === undefined && fold === undefined) return scans;
  const taken = part ?? (split === undefined ? parts.fold : parts.split);
  const chosen = split === undefined ? splitFromFold(dataset, { fold: fold as number, folds }) : await readSplit(split);
  const uids = new Set(chosen[taken]);
  const found = scans.filter(({ uid }) => uids.has(uid));
  if (found.length > 0) return found;
  throw new NoduleTrainError(
    'split-empty',
    `${doing} ${dir}: found none of the ${uids.size} series in the part ${taken} of ${split === undefined ? `fold ${fold}` : `the split ${split}`}. ` +
      'Give the split of these data, and --part train, validation or test.',
  );
}
