import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readAnnotations } from '../../labels/index.js';
import { NoduleTrainError, replaceJson, runInWorkers } from '../../runtime/index.js';
import { noduleLine, writeLists, writeNodules } from '../noduleLists.js';
import { checkPhantomOptions } from '../phantomOptions.js';
import { scramble } from '../random.js';
import { refuseExistingSet } from '../writePhantoms.js';
import { type InsertSetOptions, insertSetSchema } from './insertOptions.js';
import type { InsertedVersion, InsertJob } from './insertWorker.js';

export interface InsertedSet {
  scans: number;
  nodules: number;
  /** Nodules requested; more than `nodules` where a scan has no room. */
  requested: number;
  /** Notes of the readers. */
  notes: string[];
}

/** Diameter of an excluded finding of unknown size: LUNA16's mark for it. */
const UNKNOWN = -1;

/**
 * Inserts synthetic nodules into scans and writes a data set in LUNA16's layout: `subset0` … `subset9` with the scans,
 * `annotations.csv` with the inserted nodules, exact `masks`, `nodules.csv`, `patients.csv` (all versions of a scan are
 * one patient) and `inserted.json`. Nodules that the scans had before go to `annotations_excluded.csv`: finding them is
 * neither a hit nor a false positive.
 *
 * `scans` are paths of any format that `readVolume` reads. Versions of one scan differ in their seed.
 * @throws NoduleTrainError `phantom-options`, `insert-options`, `output-exists`, and what reading the scans, the
 * annotations and the mask and `insertNodules` throw
 */
export async function insertIntoScans(
  dir: string,
  scans: readonly string[],
  options: InsertSetOptions,
  onProgress?: (done: number, count: number) => void,
): Promise<InsertedSet> {
  const doing = `inserting nodules into ${scans.length === 1 ? scans[0] : `${scans.length} scans`}`;
  const chosen = checkPhantomOptions(insertSetSchema, doing, options);
  const { count, threads, annotations, avoid, series, intensity, seed, ...rest } = chosen;
  if (scans.length === 0)
    throw new NoduleTrainError('insert-options', `${doing}: found no scan, expected at least one. Give --into SCAN.`);
  for (const [name, value] of Object.entries({ avoid, series }))
    if (value !== undefined && scans.length > 1)
      throw new NoduleTrainError(
        'insert-options',
        `${doing}: found the option \`${name}\`, which belongs to a single scan. Run each scan on its own.`,
      );
  refuseExistingSet(doing, dir);
  const listed = annotations === undefined ? [] : await readAnnotations(annotations);
  const total = scans.length * count;
  const subsets = Array.from({ length: Math.min(total, 10) }, (_, n) => join(dir, `subset${n}`));
  for (const folder of [...subsets, join(dir, 'masks')]) await mkdir(folder, { recursive: true });
  const lanes = Math.min(total, threads || availableParallelism());
  // As few jobs per scan as keep all threads busy: each job reads and surveys its scan again.
  const parts = Math.min(count, Math.ceil(lanes / scans.length));
  const jobs = scans.flatMap((scan, s) =>
    Array.from({ length: parts }, (_, part): InsertJob => {
      const versions = Array.from({ length: count }, (_, n) => n)
        .filter((n) => n % parts === part)
        .map((n) => ({
          seed: scramble((scramble(scramble(seed) ^ Math.imul(s + 1, 0x9e3779b9)) + n) >>> 0),
          name: `inserted-${seed}-${String(n).padStart(4, '0')}`,
          scanDir: subsets[(s * count + n) % 10]!,
          maskDir: join(dir, 'masks'),
        }));
      return { ...{ scan, series, intensity, avoid, annotations: listed, options: rest }, versions };
    }),
  );
  const made: { versions: InsertedVersion[]; notes: string[] }[] = [];
  let done = 0;
  await runInWorkers<InsertJob, (typeof made)[number]>(new URL('./insertWorker.js', import.meta.url), jobs, {
    threads: lanes,
    onReply: (reply, n) => {
      made[n] = reply;
      done += reply.versions.length;
      onProgress?.(done, total);
    },
  });
  const versions = made.flatMap((reply) => reply.versions).sort((a, b) => (a.uid < b.uid ? -1 : 1));
  refuseSameUid(doing, versions);
  await writeFile(join(dir, 'README.txt'), readme(versions.length, seed));
  await replaceJson(join(dir, 'inserted.json'), { options: { seed, count, ...rest }, scans: versions });
  const excluded = versions.flatMap(({ uid, existing }) =>
    existing.map(({ center, diameterMm }) => noduleLine(uid, { center, diameterMm: diameterMm ?? UNKNOWN })),
  );
  if (excluded.length > 0) await writeNodules(join(dir, 'annotations_excluded.csv'), excluded);
  await writeLists(
    dir,
    versions.map(({ uid, source, nodules }) => ({ uid, patient: source, nodules })),
    {
      names: ['shape', 'solid_hu', 'glass_hu'],
      cells: ({ shape, solidHu, glassHu }) => [shape, hu(solidHu), hu(glassHu)],
    },
  );
  return {
    scans: versions.length,
    nodules: versions.reduce((sum, { nodules }) => sum + nodules.length, 0),
    requested: versions.reduce((sum, { requested }) => sum + requested, 0),
    notes: [...new Set(made.flatMap(({ notes }) => notes))],
  };
}

const hu = (value: number | null): string => (value === null ? '' : value.toFixed(0));

function refuseSameUid(doing: string, versions: readonly InsertedVersion[]): void {
  const same = versions.find(({ uid }, n) => versions[n + 1]?.uid === uid);
  if (same === undefined) return;
  throw new NoduleTrainError(
    'insert-options',
    `${doing}: found the series ${same.source} twice, expected different scans. Give each scan once, and --count for ` +
      'several versions.',
  );
}

const readme = (count: number, seed: number) =>
  `${count} scans with nodules inserted by nodule-train synth --into (seed ${seed}), in LUNA16's layout: real images
with computed nodules. masks/UID_mask.mhd is exact for the inserted nodules; nodules.csv says what each one is,
annotations_excluded.csv, if there, what the scans had before, patients.csv which scans are of one patient.
`;
