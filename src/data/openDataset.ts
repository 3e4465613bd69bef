import { createRule, type LabelRule, type LabelRuleOptions, type ScanLabels, sumLabels } from '../labels/index.js';
import { NoduleTrainError } from '../runtime/index.js';
import { type Dataset, unknownSeries } from './dataset.js';
import { labelScan } from './labelling/labelScan.js';
import { scanLabels } from './labelling/scanLabels.js';
import { openSource } from './sources/openSource.js';
import { readSourceVolume, type Source } from './sources/source.js';
import { changedSourceOptions, type SourceOptions } from './sources/sourceOptions.js';
import { isStore, openStore } from './store/store.js';

export interface DatasetOptions extends SourceOptions {
  /** Options of the ground truth; not for a prepared store, whose truth is fixed. */
  labels?: LabelRuleOptions;
  /** Number of places without a nodule to find in each scan. */
  backgroundPoints?: number;
}

export const DEFAULT_BACKGROUND_POINTS = 128;

/**
 * Opens a prepared store, or a folder of scans in one of the layouts of `openSource`, whose ground truth is then made
 * when a scan is loaded.
 * @throws NoduleTrainError `data-option` if a store is given an option of sources, and what `openSource` and
 * `openStore` throw
 */
export async function openDataset(dir: string, options: DatasetOptions = {}): Promise<Dataset> {
  const { labels, backgroundPoints = DEFAULT_BACKGROUND_POINTS, ...given } = options;
  if (isStore(dir)) {
    refuseForStore(dir, given, labels);
    return openStore(dir);
  }
  return sourceDataset(await openSource(dir, given), createRule(labels), backgroundPoints);
}

function refuseForStore(dir: string, source: SourceOptions, labels: LabelRuleOptions = {}): void {
  // What is done about lost labels is not part of the ground truth.
  const changed: string[] = changedSourceOptions(source).filter((one) => one !== 'allowLostLabels');
  const name = changed[0] ?? (labels.labels !== undefined && labels.labels !== 'auto' ? 'labels' : undefined);
  if (name === undefined) return;
  throw new NoduleTrainError(
    'data-option',
    `opening the prepared store ${dir}: found the option \`${name}\`, which is fixed once the data are prepared. ` +
      'Omit it, or prepare the data again with it.',
  );
}

function sourceDataset(source: Source, rule: LabelRule, backgroundPoints: number): Dataset {
  const scans = new Map(source.scans.map((scan) => [scan.uid, scan]));
  const labels = new Map<string, ScanLabels>();
  const reported = new Set<string>();
  // A note on one file of a data set usually holds for hundreds, so it is reported once, whatever the path in it.
  const noteOnce = (path: string) => (text: string) => {
    const note = text.replaceAll(path, '');
    if (!reported.has(note))
      process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN', detail: 'Reported for the first such file only.' });
    reported.add(note);
  };
  return {
    kind: source.kind,
    dir: source.dir,
    scans: source.scans.map(({ uid, subset, patient }) => ({ uid, subset, patient })),
    missing: source.missing,
    folds: source.folds,
    notes: source.notes,
    key: () => null,
    labelValues: (uid) => scans.get(uid)?.truth.maskValues ?? null,
    labelAccount(uids = source.scans.map((scan) => scan.uid)) {
      const read = uids.flatMap((uid) => labels.get(uid) ?? []);
      return sumLabels(read, source.lost, uids.length);
    },
    async load(uid) {
      const scan = scans.get(uid);
      if (scan === undefined) throw unknownSeries(source.dir, uid);
      const volume = await readSourceVolume(scan, noteOnce(scan.read.path));
      const onMask = noteOnce(scan.truth.mask ?? scan.read.path);
      const labelled = await labelScan(volume, scan.truth, rule, backgroundPoints, onMask);
      labels.set(uid, scanLabels(uid, labelled, scan.truth.annotations));
      return labelled;
    },
  };
}
