import { parentPort } from 'node:worker_threads';
import { readVolume, type Volume, writeMask, writeVolume } from '../../ct/index.js';
import { type Annotation, readMaskFor } from '../../labels/index.js';
import { answerJobs } from '../../runtime/index.js';
import { type ExistingNodule, type InsertedNodule, insertNodules } from './insertNodules.js';
import type { InsertOptions } from './insertOptions.js';
import type { ScanBlur } from './measureBlur.js';
import { noduleParts } from './noduleParts.js';
import { surveyScan } from './surveyScan.js';

/** Job of a worker: versions of one scan. */
export interface InsertJob {
  scan: string;
  series: string | undefined;
  intensity: Volume['intensity'] | undefined;
  avoid: string | undefined;
  /** Annotations of all scans. */
  annotations: readonly Annotation[];
  options: Omit<InsertOptions, 'seed'>;
  versions: readonly { seed: number; name: string; scanDir: string; maskDir: string }[];
}

/** A written version of a scan. */
export interface InsertedVersion {
  /** UID of the version and of the scan it was made from. */
  uid: string;
  source: string;
  seed: number;
  nodules: readonly InsertedNodule[];
  requested: number;
  /** Nodules that were in the scan before. */
  existing: readonly ExistingNodule[];
  blur: ScanBlur;
  /** Correlation of the noise of neighbouring slices. */
  noiseAcross: number;
}

/** Makes versions of one scan and writes them. */
async function make(job: InsertJob): Promise<{ versions: InsertedVersion[]; notes: string[] }> {
  const notes: string[] = [];
  const onNote = (text: string) => void notes.push(text);
  const { scan, series, intensity, avoid } = job;
  const volume = await readVolume(scan, { onNote, ...(series && { series }), ...(intensity && { intensity }) });
  const survey = surveyScan(volume);
  const existing: ExistingNodule[] = job.annotations.filter(({ uid }) => uid === volume.uid);
  if (avoid !== undefined)
    existing.push(...noduleParts(volume, await readMaskFor(volume, avoid, { onNote }), existing));
  const versions: InsertedVersion[] = [];
  for (const { seed, name, scanDir, maskDir } of job.versions) {
    const {
      volume: made,
      mask,
      nodules,
      requested,
    } = insertNodules(volume, { ...job.options, seed }, { existing, survey });
    const uid = `${volume.uid}-${name}`;
    const { shape, spacing, origin, direction } = made;
    await writeVolume(`${scanDir}/${uid}.mhd`, { ...made, uid });
    await writeMask(`${maskDir}/${uid}_mask.mhd`, { voxels: mask, shape, spacing, origin, direction, uid });
    const points = existing.map(({ center, diameterMm }) => ({ center, diameterMm }));
    versions.push({
      ...{ uid, source: volume.uid, seed, nodules, requested, existing: points, blur: survey.blur },
      noiseAcross: survey.noise.acrossCorrelation,
    });
  }
  return { versions, notes };
}

answerJobs(parentPort!, make, 'phantom-write');
