import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { readVolume } from '../ct/index.js';
import type { BoxRuleOptions } from '../labels/index.js';
import { NoduleTrainError } from '../runtime/error.js';
import type { LabelledScan } from './labelledScan.js';
import { labelScan } from './labelScan.js';
import { type Luna16, openLuna16 } from './luna16.js';
import type { SplitScan } from './split.js';
import { isStore, openStore } from './store.js';

export interface DatasetScan extends SplitScan {
  /** Folder of the LUNA16 layout that it lies in. */
  subset: string;
}

/** Scans with ground truth, read one at a time. */
export interface Dataset {
  kind: 'luna16' | 'store';
  dir: string;
  scans: DatasetScan[];
  /** Series that the annotations name and that are not on disk. */
  missing: number;
  /** What says that a scan is this one: changes with its file, the rule and its options. Null before `prepare`. */
  key(uid: string): string | null;
  /** @throws NoduleTrainError `dataset-series` where the data set has no such series */
  load(uid: string): Promise<LabelledScan>;
}

export interface DatasetOptions {
  /** Of the ground truth; a prepared store has its own. */
  rule?: BoxRuleOptions;
  /** Places without a nodule to find in each scan. */
  backgroundPoints?: number;
}

export const defaultBackgroundPoints = 128;

/**
 * Opens a folder in LUNA16's layout or a prepared store. `patients.csv` (seriesuid,patient) beside the annotations says whose
 * scans belong together; without it patients are unknown.
 */
export async function openDataset(dir: string, options: DatasetOptions = {}): Promise<Dataset> {
  if (isStore(dir)) return openStore(dir);
  return lunaDataset(await openLuna16(dir), await readPatients(join(dir, 'patients.csv')), options);
}

function lunaDataset(luna: Luna16, patients: Map<string, string>, options: DatasetOptions): Dataset {
  const series = new Map(luna.series.map((one) => [one.uid, one]));
  return {
    kind: 'luna16',
    dir: luna.dir,
    scans: luna.series.map(({ uid, subset }) => ({ uid, subset, patient: patients.get(uid) ?? null })),
    missing: luna.missing,
    key: () => null,
    async load(uid) {
      const path = series.get(uid)?.path;
      if (path === undefined) throw unknownSeries(luna.dir, uid);
      return labelScan(
        await readVolume(path, { intensity: 'hu' }),
        luna.annotations.get(uid) ?? [],
        luna.maskPath(uid),
        {
          rule: options.rule,
          backgroundPoints: options.backgroundPoints ?? defaultBackgroundPoints,
        },
      );
    },
  };
}

export const unknownSeries = (dir: string, uid: string) =>
  new NoduleTrainError('dataset-series', `reading series ${uid}: the data in ${dir} have no such series`);

/** Loads scans one after another. */
export async function* loadScans(dataset: Dataset, uids: readonly string[]): AsyncGenerator<LabelledScan> {
  for (const uid of uids) yield await dataset.load(uid);
}

export async function readPatients(path: string): Promise<Map<string, string>> {
  if (!existsSync(path)) return new Map();
  const rows = parse(await readFile(path), { columns: true, bom: true, trim: true, skip_empty_lines: true }) as Record<
    string,
    string
  >[];
  return new Map(
    rows.map(({ seriesuid, patient }, i) => {
      if (!seriesuid || !patient)
        throw new NoduleTrainError(
          'patients-csv',
          `reading ${path}, line ${i + 2}: seriesuid is ${JSON.stringify(seriesuid)}, patient ${JSON.stringify(patient)}; both are wanted, under a header "seriesuid,patient"`,
        );
      return [seriesuid, patient];
    }),
  );
}
