import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { checkOptions, isImageFile, isSystemEntry, uidOf } from '../../ct/index.js';
import { type Annotation, type LostLabel, readAnnotations } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { lookUpCase, uniqueCases } from './caseNames.js';
import { imagesWithSuffix, isFolder } from './imagesIn.js';
import { findName, listDataFolder } from './listDataFolder.js';
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
 * @throws NoduleTrainError `data-missing` (no folder), `luna16-layout` (no list, no scan), `case-twice`, `labels-lost`
 * (the annotations name other series than the scans, see `matchSeries`), and what `readAnnotations` throws
 */
export async function openLuna16(dir: string, options: z.input<typeof luna16OptionsSchema> = {}): Promise<Luna16> {
  const { annotations: chosen, allowLostLabels } = checkOptions(
    luna16OptionsSchema,
    `opening the data folder ${dir}`,
    options,
  );
  const names = await listDataFolder(dir, "a folder in LUNA16's layout (subset0/UID.mhd …, annotations.csv)");
  const list = findName(names, ...ANNOTATION_LISTS);
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
  const { series, notes: onFolders } = await findSeries(dir, names);
  const listed = new Set(all.map(({ uid }) => uid));
  if (series.length === 0) {
    throw new NoduleTrainError(
      'luna16-layout',
      `opening the data folder ${dir}: ${annotationsPath} names ${listed.size} series, but found no scan (.mhd or ` +
        `.mha) in ${dir}/subset*, expected at least one. ${await whereScansAre(dir, names)}`,
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
  const maskOf = lookUpCase(await imagesWithSuffix(join(dir, 'masks'), '_mask'));
  return {
    dir,
    series,
    annotations: groupBySeries(matched),
    annotationsPath,
    missing: new Set(lost.map(({ uid }) => uid)).size,
    lost,
    notes: [...notes, ...onFolders, ...match.notes],
    maskPath: (uid) => maskOf(uid) ?? null,
  };
}

/** Says what to do about a folder without scans in subsets. */
async function whereScansAre(dir: string, names: string[]): Promise<string> {
  const here = scansAmong(dir, names, '').length;
  if (here > 0) return `${here} scans lie in ${dir} itself: move them into a folder ${join(dir, 'subset0')}.`;
  for (const name of names.filter((one) => !isSystemEntry(one))) {
    const below = await readdir(join(dir, name)).catch(() => []);
    if (!isSubset(name) && below.some(isSubset))
      return `${join(dir, name)} has subsets: move the lists there and give that folder, or move the subsets here.`;
    if (scansAmong('', below, '').length > 0 && !isSubset(name) && !/^(masks|votes|seg-)/i.test(name))
      return `${join(dir, name)} has scans: rename it to subset0.`;
  }
  return 'Unpack a subset there.';
}

/** A folder of LUNA16's scans: subset0 … subset9. */
export const isSubset = (name: string): boolean => /^subset/i.test(name);

async function findSeries(dir: string, names: string[]): Promise<{ series: Luna16Series[]; notes: string[] }> {
  const series: Luna16Series[] = [];
  const notes: string[] = [];
  for (const subset of names.filter(isSubset).sort(bySubset)) {
    // Links to folders count, because LUNA16 is often spread over several disks.
    if (!(await isFolder(join(dir, subset)))) continue;
    const files = await readdir(join(dir, subset));
    const own = scansAmong(join(dir, subset), files, subset);
    // Unpacking an archive into a folder of its name makes subset0/subset0.
    const inner = own.length > 0 ? [] : files.filter(isSubset);
    for (const folder of inner) {
      const below = await readdir(join(dir, subset, folder)).catch(() => []);
      own.push(...scansAmong(join(dir, subset, folder), below, subset));
    }
    const others = files.filter((file) => isImageFile(file) && !isSystemEntry(file)).length;
    if (own.length === 0) notes.push(`Found no scan (.mhd or .mha) in ${join(dir, subset)}.`);
    else if (inner.length === 0 && others > own.length)
      notes.push(`Skipped ${others - own.length} images of ${join(dir, subset)} that are not .mhd or .mha.`);
    series.push(...own);
  }
  uniqueCases(
    dir,
    series.map(({ uid, path }) => [uid, path]),
  );
  return { series, notes };
}

function scansAmong(folder: string, files: readonly string[], subset: string): Luna16Series[] {
  return files
    .filter((file) => SCAN_EXTENSIONS.has(extname(file).toLowerCase()) && !isSystemEntry(file))
    .sort()
    .map((file) => ({ uid: uidOf(file), path: join(folder, file), subset }));
}

/** Orders subset10 after subset9. */
const bySubset = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
