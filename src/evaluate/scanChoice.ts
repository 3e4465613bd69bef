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

/** Choice of scans in a data folder: all, one part of a split, or one part of a fold. */
export interface ScanChoice extends SplitChoice {
  /** Folder of scans in a known layout, or a prepared store. */
  data: string;
  /** Part of the split or fold. */
  part?: SplitPart | undefined;
  /** What the data do not record. */
  source?: SourceOptions;
  /** Rule of the ground truth; a prepared store records its own. */
  labels?: LabelRuleOptions;
}

/**
 * Checks that the options of a choice do not contradict each other.
 * @param doing beginning of the message, as in "scoring"
 * @throws NoduleTrainError `evaluate-options`
 */
export function checkScanChoice(doing: string, choice: ScanChoice): void {
  const fault = splitChoiceFault(choice);
  if (fault !== null) throw new NoduleTrainError('evaluate-options', `${doing} ${choice.data}: ${fault}.`);
}

/**
 * Returns the chosen scans of a data set.
 * @param doing beginning of the message, as in "scoring"
 * @param parts default parts of a split and of a fold
 * @throws NoduleTrainError `split-empty` if no scan of the part is in the data, and what reading the split throws
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
    `${doing} ${dir}: found none of the ${uids.size} series in the ${taken} part of ` +
      `${split === undefined ? `fold ${fold}` : `the split ${split}`}, expected at least one. ` +
      'Give the split of these data, and --part train, validation or test.',
  );
}
