import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { checkOutputFolder, NoduleTrainError, runInWorkers } from '../runtime/index.js';
import { writeLists } from './noduleLists.js';
import { checkPhantomOptions, type PhantomSetOptions, phantomSetSchema } from './phantomOptions.js';
import { scramble } from './random.js';
import type { PhantomNodule } from './synthesize.js';

/** Job of a worker: where to write one scan and mask, and the options of the phantom. */
export interface PhantomJob {
  scan: string;
  mask: string;
  phantom: { seed: number; uid: string } & Pick<
    z.output<typeof phantomSetSchema>,
    'level' | 'size' | 'spacing' | 'nodules'
  >;
}

/**
 * Writes phantoms in LUNA16's layout: `subset0` … `subset9` with `UID.mhd` and `UID.zraw`, `annotations.csv`, exact
 * masks in `masks/UID_mask.mhd`, and `nodules.csv` with the kind of each nodule. Each scan is a separate patient.
 *
 * Worker threads make the scans; their content depends only on the options. `onProgress` receives the number of
 * finished scans.
 * @throws NoduleTrainError `phantom-options`, or `output-exists` if the folder already has phantoms
 */
export async function writePhantoms(
  dir: string,
  options: PhantomSetOptions = {},
  onProgress?: (done: number, count: number) => void,
): Promise<void> {
  const doing = `making phantoms in ${dir}`;
  const { count, seed, threads, ...shared } = checkPhantomOptions(phantomSetSchema, doing, options);
  refuseExistingSet('making phantoms', dir);
  const subsets = Array.from({ length: Math.min(count, 10) }, (_, n) => join(dir, `subset${n}`));
  for (const folder of [...subsets, join(dir, 'masks')]) await mkdir(folder, { recursive: true });
  const jobs = Array.from({ length: count }, (_, n): PhantomJob => {
    const uid = `phantom-${shared.level}-${seed}-${String(n).padStart(4, '0')}`;
    return {
      scan: join(subsets[n % 10]!, `${uid}.mhd`),
      mask: join(dir, 'masks', `${uid}_mask.mhd`),
      phantom: { ...shared, uid, seed: scramble((scramble(seed) + n) >>> 0) },
    };
  });
  const nodules: PhantomNodule[][] = [];
  let done = 0;
  await runInWorkers<PhantomJob, PhantomNodule[]>(new URL('./phantomWorker.js', import.meta.url), jobs, {
    threads: Math.min(count, threads || availableParallelism()),
    onReply: (made, n) => {
      nodules[n] = made;
      onProgress?.(++done, count);
    },
  });
  await writeFile(join(dir, 'README.txt'), readme(count, seed, shared.level));
  await writeLists(
    dir,
    jobs.map(({ phantom: { uid } }, n) => ({ uid, patient: uid, nodules: nodules[n]! })),
  );
}

/**
 * Refuses a folder that cannot be written or already has a set.
 * @throws NoduleTrainError `output-exists`, and what `checkOutputFolder` throws
 */
export function refuseExistingSet(doing: string, dir: string): void {
  checkOutputFolder(doing, 'the folder', dir);
  if (!existsSync(join(dir, 'annotations.csv'))) return;
  throw new NoduleTrainError(
    'output-exists',
    `${doing} in ${dir}: annotations.csv already exists. Give a new folder, or remove this one first.`,
  );
}

const readme = (count: number, seed: number, level: string) =>
  `${count} phantoms made by nodule-train synth (level ${level}, seed ${seed}): computed images in LUNA16's \
layout, of no person.
masks/UID_mask.mhd is exact; nodules.csv says what each nodule is, patients.csv that every scan stands for a
patient of its own.
`;
