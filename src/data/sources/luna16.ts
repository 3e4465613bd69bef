import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { checkOptions, uidOf } from '../../ct/index.js';
import { type Annotation, type LostLabel, readAnnotations } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { imagesWithSuffix } from './imagesIn.js';
import { listDataFolder } from './listDataFolder.js';
import { groupBySeries } from './luna16Lists.js';
import { matchSeries } from './matchSeries.js';

/** Options of `openLuna16`. */
export const luna16OptionsSchema = z.strictObject({
  /** List of nodules; default: the folder's `annotations.csv`, else its `annotations_with_malignancy.csv`. */
  annotations: z.string().optional(),
  /** Whether to go on if the annotations and the scans contradict each other. */
  allowLostLabels: z.boolean().default(false),
});

export interface Luna16Series {
  readonly uid: string;
  readonly path: string;
  /** Name of its folder: subset0 … subset9 are LUNA16's folds. */
  readonly subset: string;
}

/** A folder in LUNA16's layout, with its lists read but no scan. */
export interface Luna16 {
  readonly dir: string;
  /** Scans on disk, in the order of their subsets and UIDs. */
  readonly series: readonly Luna16Series[];
  /** Nodules of the scans on disk, by UID; a scan without nodules has no entry. */
  readonly annotations: ReadonlyMap<string, readonly Annotation[]>;
  readonly annotationsPath: string;
  /** Number of series in the list that are not on disk. */
  readonly missing: number;
  /** Annotations of these series. */
  readonly lost: readonly LostLabel[];
  /** What was assumed about the list, and what looks wrong in it, one sentence each. */
  readonly notes: readonly string[];
  /** Path of the exact mask of a scan, such as `masks/UID_mask.mhd` of phantoms; null if there is none. */
  readonly maskPath: (uid: string) => string | null;
}

const SCAN_EXTENSIONS = new Set(['.mhd', '.mha']);
/** Names of LUNA16's list of nodules; the first that exists is used. */
export const ANNOTATION_LISTS = ['annotations.csv', 'annotations_with_malignancy.csv'];

/**
 * Opens a folder in LUNA16's layout: scans in `subset*` folders (`.mhd`, `.mha`), `annotations.csv`, and `masks` as
 * phantoms have them. Counts series of the list that are not on disk; they are not an error.
 * @throws NoduleTrainError `data-missing` (no folder), `luna16-layout` (no list, no scan, or one series twice),
 * `labels-lost` (the annotations name other series than the scans, see `matchSeries`), and what `readAnnotations`
 * throws
 */
export async function openLuna16(dir: string, options: z.input<typeof luna16OptionsSchema> = {}): Promise<Luna16> {
  const { annotations: chosen, allowLostLabels } = checkOptions(
    luna16OptionsSchema,
    `opening the data folder ${dir}`,
    options,
  );
  const names = await listDataFolder(dir, "a folder in LUNA16's layout (subset0/UID.mhd …, annotations.csv)");
  const list = ANNOTATION_LISTS.find((name) => names.includes(name));
  if (chosen === undefined && list === undefined) {
    throw new NoduleTrainError(
      'luna16-layout',
      `opening the data folder ${dir}: found no ${ANNOTATION_LISTS.join(' or ')}, expected LUNA16's list of nodules. ` +
        'Copy it there, or name another list with --annotations.',
    );
  }
  const annotationsPath = chosen ?? join(dir, list as string);
  const notes: string[] = [];
  const all = await readAnnotations(annotationsPath, { onNote: (note) => notes.push(note) });
  const series = await findSeries(dir, names);
  const listed = new Set(all.map(({ uid }) => uid));
  if (series.length === 0) {
    throw new NoduleTrainError(
      'luna16-layout',
      `opening the data folder ${dir}: ${annotationsPath} names ${listed.size} series, but found no scan (.mhd or ` +
        `.mha) in ${dir}/subset*, expected at least one. Unpack a subset there.`,
    );
  }
  const { matched, lost, mismatch, ...match } = matchSeries(
    all,
    series.map(({ uid }) => uid),
  );
  if (mismatch !== null && !allowLostLabels)
    throw new NoduleTrainError(
      'labels-lost',
      `opening the data folder ${dir}: in ${annotationsPath} ${mismatch} Correct the list, or give --allow-lost-labels.`,
    );
  const masks = await imagesWithSuffix(join(dir, 'masks'), '_mask');
  return {
    dir,
    series,
    annotations: groupBySeries(matched),
    annotationsPath,
    missing: new Set(lost.map(({ uid }) => uid)).size,
    lost,
    notes: [...notes, ...match.notes],
    maskPath: (uid) => masks.get(uid) ?? null,
  };
}

async function findSeries(dir: string, names: string[]): Promise<Luna16Series[]> {
  const found = new Map<string, Luna16Series>();
  for (const subset of names.filter((name) => name.startsWith('subset')).sort(bySubset)) {
    // Links to folders count, because LUNA16 is often spread over several disks.
    if (
      !(await stat(join(dir, subset)).then(
        (entry) => entry.isDirectory(),
        () => false,
      ))
    )
      continue;
    for (const file of (await readdir(join(dir, subset))).sort()) {
      if (!SCAN_EXTENSIONS.has(extname(file).toLowerCase()) || file.startsWith('.')) continue;
      const one = { uid: uidOf(file), path: join(dir, subset, file), subset };
      const other = found.get(one.uid);
      if (other) {
        throw new NoduleTrainError(
          'luna16-layout',
          `opening the data folder ${dir}: series ${one.uid} is there twice, as ${other.path} and ${one.path}, ` +
            'expected once, because a split could train on one and validate on the other. Remove one of them.',
        );
      }
      found.set(one.uid, one);
    }
  }
  return [...found.values()];
}

/** Orders subset10 after subset9. */
const bySubset = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
