import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { checkOutputFolder, NoduleTrainError, runInWorkers } from '../runtime/index.js';
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
  checkOutputFolder('making phantoms', 'the folder', dir);
  const list = join(dir, 'annotations.csv');
  if (existsSync(list)) {
    throw new NoduleTrainError(
      'output-exists',
      `${doing}: annotations.csv already exists. Give a new folder, or remove this one first.`,
    );
  }
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
  const line = (n: number, extra: (nodule: PhantomNodule) => readonly (string | number)[]) =>
    nodules[n]!.map((nodule) => {
      const place = [...nodule.center, nodule.diameterMm].map((mm) => mm.toFixed(6));
      return [jobs[n]!.phantom.uid, ...place, ...extra(nodule)].join(',');
    });
  const table = (header: string, extra: (nodule: PhantomNodule) => readonly (string | number)[]) =>
    `${[header, ...jobs.flatMap((_, n) => line(n, extra))].join('\n')}\n`;
  const columns = 'seriesuid,coordX,coordY,coordZ,diameter_mm';
  await writeFile(
    join(dir, 'nodules.csv'),
    table(`${columns},kind,attachment,voxels`, ({ kind, attachment, voxels }) => [kind, attachment, voxels]),
  );
  const patients = jobs.map(({ phantom: { uid } }) => `${uid},${uid}`);
  await writeFile(join(dir, 'patients.csv'), `${['seriesuid,patient', ...patients].join('\n')}\n`);
  await writeFile(join(dir, 'README.txt'), readme(count, seed, shared.level));
  // Last, so that a folder with this list is complete.
  await writeFile(
    list,
    table(columns, () => []),
  );
}

const readme = (count: number, seed: number, level: string) =>
  `${count} phantoms made by nodule-train synth (level ${level}, seed ${seed}): computed images in LUNA16's \
layout, of no person.
masks/UID_mask.mhd is exact; nodules.csv says what each nodule is, patients.csv that every scan stands for a
patient of its own.
`;
