import { createRule, type LabelRule, type LabelRuleOptions } from '../labels/index.js';
import { NoduleTrainError } from '../runtime/index.js';
import { type Dataset, unknownSeries } from './dataset.js';
import { labelScan } from './labelling/labelScan.js';
import { openSource } from './sources/openSource.js';
import { readSourceVolume, type Source } from './sources/source.js';
import { type SourceOptions, sourceOptionsSchema } from './sources/sourceOptions.js';
import { isStore, openStore } from './store/store.js';

export interface DatasetOptions extends SourceOptions {
  /** Of the ground truth; a prepared store has its own. */
  labels?: LabelRuleOptions;
  /** Places without a nodule to find in each scan. */
  backgroundPoints?: number;
}

export const defaultBackgroundPoints = 128;

/**
 * Opens a prepared store, or a folder of scans in one of the layouts that `openSource` knows, whose truth is made on the fly.
 * @throws NoduleTrainError `data-option` where a store is given what only a source can be told
 */
export async function openDataset(dir: string, options: DatasetOptions = {}): Promise<Dataset> {
  const { labels, backgroundPoints = defaultBackgroundPoints, ...given } = options;
  if (isStore(dir)) {
    refuseForStore(dir, given, labels);
    return openStore(dir);
  }
  return sourceDataset(await openSource(dir, given), createRule(labels), backgroundPoints);
}

function refuseForStore(dir: string, source: SourceOptions, labels: LabelRuleOptions = {}): void {
  const given = { ...source, labels: labels.labels };
  const names = [...Object.keys(sourceOptionsSchema.shape), 'labels'] as (keyof typeof given)[];
  const name = names.find((one) => given[one] !== undefined && given[one] !== 'auto');
  if (name === undefined) return;
  throw new NoduleTrainError(
    'data-option',
    `opening the prepared store ${dir}: \`${name}\` was given, but that was settled when the data were prepared; leave it out, or prepare them anew with it`,
  );
}

function sourceDataset(source: Source, rule: LabelRule, backgroundPoints: number): Dataset {
  const scans = new Map(source.scans.map((scan) => [scan.uid, scan]));
  const noted = new Set<string>();
  const noteOnce = (path: string) => (text: string) => {
    // What is said of one file of a data set is said of hundreds.
    const said = text.replaceAll(path, '');
    if (!noted.has(said))
      process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN', detail: 'Not told again of other files.' });
    noted.add(said);
  };
  return {
    kind: source.kind,
    dir: source.dir,
    scans: source.scans.map(({ uid, subset, patient }) => ({ uid, subset, patient })),
    missing: source.missing,
    folds: source.folds,
    notes: source.notes,
    key: () => null,
    async load(uid) {
      const scan = scans.get(uid);
      if (scan === undefined) throw unknownSeries(source.dir, uid);
      return labelScan(await readSourceVolume(scan, noteOnce(scan.read.path)), scan.truth, rule, backgroundPoints);
    },
  };
}
