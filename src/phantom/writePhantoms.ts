import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { z } from 'zod';
import { NoduleTrainError } from '../runtime/error.js';
import { type PhantomSetOptions, phantomSetSchema } from './phantomOptions.js';
import { scramble } from './random.js';
import type { PhantomNodule } from './synthesize.js';

/** What a worker is told to make. */
export interface PhantomJob {
  scan: string;
  mask: string;
  phantom: { seed: number; uid: string } & Pick<
    z.output<typeof phantomSetSchema>,
    'level' | 'size' | 'spacing' | 'nodules'
  >;
}

/** What a worker says when a scan is on disk, or could not be put there. */
export type PhantomReply = { nodules: PhantomNodule[] } | { error: { code: string; message: string } };

/**
 * Writes phantoms in LUNA16's layout: `subset0` … `subset9` with `UID.mhd` + `UID.zraw`, `annotations.csv`, exact masks in `masks/UID_mask.mhd`,
 * and `nodules.csv`, which says of each nodule what it is. Every scan is a patient of its own.
 *
 * Scans are made in worker threads; what they contain hangs on the options alone. `onProgress` hears how many are done.
 * Throws 'phantom-options' and 'output-exists'.
 */
export async function writePhantoms(
  dir: string,
  options: PhantomSetOptions = {},
  onProgress?: (done: number, count: number) => void,
): Promise<void> {
  const parsed = phantomSetSchema.safeParse(options);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new NoduleTrainError(
      'phantom-options',
      `Making phantoms in ${dir}: ${path.join('.') || 'options'}: ${message}`,
    );
  }
  const { count, seed, threads, ...shared } = parsed.data;
  const list = join(dir, 'annotations.csv');
  if (existsSync(list)) {
    throw new NoduleTrainError(
      'output-exists',
      `Making phantoms in ${dir}: it already has annotations.csv; give a new folder, or remove this one first`,
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
  const nodules = await runJobs(jobs, Math.min(count, threads || availableParallelism()), onProgress);
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
  // Last, so that a folder with the list has all it names.
  await writeFile(
    list,
    table(columns, () => []),
  );
}

async function runJobs(
  jobs: readonly PhantomJob[],
  threads: number,
  onProgress?: (done: number, count: number) => void,
): Promise<PhantomNodule[][]> {
  const results: PhantomNodule[][] = [];
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./phantomWorker.js', import.meta.url)));
  let next = 0;
  let done = 0;
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let current = -1;
      const give = () => {
        current = next++;
        if (current >= jobs.length) resolve();
        else worker.postMessage(jobs[current]);
      };
      worker.on('error', reject);
      worker.on('message', (reply: PhantomReply) => {
        if ('error' in reply) return reject(new NoduleTrainError(reply.error.code, reply.error.message));
        results[current] = reply.nodules;
        onProgress?.(++done, jobs.length);
        give();
      });
      give();
    });
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}

const readme = (count: number, seed: number, level: string) =>
  `${count} phantoms made by nodule-train synth (level ${level}, seed ${seed}): computed images in LUNA16's layout, of no person.
masks/UID_mask.mhd is exact; nodules.csv says what each nodule is, patients.csv that every scan stands for a
patient of its own.
`;
