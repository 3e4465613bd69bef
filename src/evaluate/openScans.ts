import { type Dataset, type DatasetScan, type LabelledScan, openDataset } from '../data/index.js';
import { impossibleLoss, type LabelAccount, lostLabelsCsv, refuseImpossibleLoss } from '../labels/index.js';
import { saveResult } from '../runtime/index.js';
import { chooseScans, type ScanChoice } from './scanChoice.js';

/** Chosen scans of a data set, with what became of their labels. */
export interface OpenedScans {
  dataset: Dataset;
  chosen: readonly DatasetScan[];
  /** What became of their labels; of scans that are not prepared, only those loaded so far are counted. */
  labels(): LabelAccount;
  /** Loads the scans one after another. @throws NoduleTrainError `labels-lost` if too many labels are lost */
  load(): AsyncGenerator<{ scan: LabelledScan; chosen: DatasetScan }>;
}

export interface OpenScansOptions {
  /** Places without a nodule to find in each scan. */
  backgroundPoints?: number;
  /** File to list the lost labels in, if there are too many. */
  list?: string | undefined;
}

/**
 * Opens the chosen scans of a data set.
 * @param doing beginning of messages, as in "scoring"
 * @param parts default parts of a split and of a fold
 * @throws NoduleTrainError what `openDataset` and `chooseScans` throw
 */
export async function openScans(
  doing: string,
  choice: ScanChoice,
  parts: Parameters<typeof chooseScans>[3],
  { backgroundPoints, list }: OpenScansOptions = {},
): Promise<OpenedScans> {
  const { data, source, labels: rule } = choice;
  const dataset = await openDataset(data, {
    ...{ ...source, ...(rule && { labels: rule }) },
    ...(backgroundPoints === undefined ? {} : { backgroundPoints }),
  });
  const chosen = await chooseScans(doing, dataset, choice, parts);
  const uids = chosen.map(({ uid }) => uid);
  const labels = () => dataset.labelAccount(uids);
  const refuseLostLabels = () => {
    if (source?.allowLostLabels || impossibleLoss(labels()) === null) return;
    if (list !== undefined) saveResult(list, lostLabelsCsv(labels()));
    refuseImpossibleLoss(`${doing} ${data}`, labels(), list);
  };
  return {
    dataset,
    chosen,
    labels,
    async *load() {
      // A prepared store knows its losses at once.
      refuseLostLabels();
      for (const [n, one] of chosen.entries()) {
        const scan = await dataset.load(one.uid);
        // Not after every scan, because each check adds up all; and after the last, before more time is spent on it.
        if (n + 1 === chosen.length || Number.isInteger(Math.log2(n + 1))) refuseLostLabels();
        yield { scan, chosen: one };
      }
    },
  };
}
