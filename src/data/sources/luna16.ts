import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { checkOptions, uidOf } from '../../ct/index.js';
import { type Annotation, readAnnotations } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { imagesWithSuffix } from './imagesIn.js';

/** Options of `openLuna16`. */
export const luna16OptionsSchema = z.strictObject({
  /** The list of nodules; by default `annotations.csv` of the folder, else `annotations_with_malignancy.csv`. */
  annotations: z.string().optional(),
});

export interface Luna16Series {
  readonly uid: string;
  readonly path: string;
  /** Name of the folder that it lies in: subset0 … subset9 are LUNA16's folds. */
  readonly subset: string;
}

/** A folder in LUNA16's layout, looked through but not yet read. */
export interface Luna16 {
  readonly dir: string;
  /** The scans on disk, in the order of their subsets and UIDs. */
  readonly series: readonly Luna16Series[];
  /** Nodules of the scans on disk; a scan without nodules has no entry. */
  readonly annotations: ReadonlyMap<string, readonly Annotation[]>;
  readonly annotationsPath: string;
  /** How many series the list names that are not on disk. */
  readonly missing: number;
  /** The exact mask of a scan, `masks/UID_mask.mhd` as phantoms have it; null where there is none. */
  readonly maskPath: (uid: string) => string | null;
}

const scanExtensions = new Set(['.mhd', '.mha']);
const lists = ['annotations.csv', 'annotations_with_malignancy.csv'];

/**
 * Looks through `dir`: scans in `subset*` folders (`.mhd`, `.mha`), `annotations.csv` and, of phantoms, `masks`.
 * A series without a scan on disk is counted, never an error. Throws 'data-missing' (no folder), 'luna16-layout'
 * (no list, no scan at all, one series twice) and what `readAnnotations` throws.
 */
export const openLuna16 = async (dir: string, options: z.input<typeof luna16OptionsSchema> = {}): Promise<Luna16> => {
  const chosen = checkOptions(luna16OptionsSchema, `opening the data folder ${dir}`, options).annotations;
  const names = await readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be read (${cause.code})`;
    throw new NoduleTrainError(
      'data-missing',
      `opening the data folder ${dir}: ${found}; wanted is a folder in LUNA16's layout (subset0/UID.mhd …, annotations.csv)`,
      { cause },
    );
  });
  const list = lists.find((name) => names.includes(name));
  if (chosen === undefined && list === undefined) {
    throw new NoduleTrainError(
      'luna16-layout',
      `opening the data folder ${dir}: it has no ${lists.join(' or ')}; put LUNA16's list of nodules there`,
    );
  }
  const annotationsPath = chosen ?? join(dir, list as string);
  const all = await readAnnotations(annotationsPath);
  const series = await findSeries(dir, names);
  const listed = new Set(all.map(({ uid }) => uid));
  if (series.length === 0) {
    throw new NoduleTrainError(
      'luna16-layout',
      `opening the data folder ${dir}: ${annotationsPath} names ${listed.size} series, but no scan (.mhd or .mha) lies in ${dir}/subset*; ` +
        'unpack at least one of the subsets there',
    );
  }
  const onDisk = new Set(series.map(({ uid }) => uid));
  const annotations = new Map<string, Annotation[]>();
  for (const annotation of all) {
    if (!onDisk.has(annotation.uid)) continue;
    annotations.set(annotation.uid, [...(annotations.get(annotation.uid) ?? []), annotation]);
  }
  const masks = await imagesWithSuffix(join(dir, 'masks'), '_mask');
  return {
    dir,
    series,
    annotations,
    annotationsPath,
    missing: [...listed].filter((uid) => !onDisk.has(uid)).length,
    maskPath: (uid) => masks.get(uid) ?? null,
  };
};

const findSeries = async (dir: string, names: string[]): Promise<Luna16Series[]> => {
  const found = new Map<string, Luna16Series>();
  for (const subset of names.filter((name) => name.startsWith('subset')).sort(bySubset)) {
    // A link to a folder counts: LUNA16 is often spread over disks.
    if (
      !(await stat(join(dir, subset)).then(
        (entry) => entry.isDirectory(),
        () => false,
      ))
    )
      continue;
    for (const file of (await readdir(join(dir, subset))).sort()) {
      if (!scanExtensions.has(extname(file).toLowerCase()) || file.startsWith('.')) continue;
      const one = { uid: uidOf(file), path: join(dir, subset, file), subset };
      const other = found.get(one.uid);
      if (other) {
        throw new NoduleTrainError(
          'luna16-layout',
          `opening the data folder ${dir}: series ${one.uid} is there twice, as ${other.path} and ${one.path}; ` +
            'one of them would be trained on and the other validated on: take one away',
        );
      }
      found.set(one.uid, one);
    }
  }
  return [...found.values()];
};

/** subset10 after subset9. */
const bySubset = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
