import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Vector3, writeMask } from '../../ct/index.js';
import { createRule, type LabelRuleOptions } from '../../labels/index.js';
import { NoduleTrainError, temporaryName } from '../../runtime/index.js';
import { labelScan } from '../labelling/labelScan.js';
import { resampleScan } from '../labelling/resampleScan.js';
import { imageFiles } from '../sources/imagesIn.js';
import { readSourceVolume, type SourceScan } from '../sources/source.js';
import { contentHash, type FileHashes, type RememberedFile } from './fileHashes.js';
import { preparedSum, readPreparedScan, writePreparedScan } from './preparedScan.js';
import { scanKey } from './scanKey.js';
import { scanFolder } from './store.js';
import { withoutPaths } from './withoutPaths.js';

/** What is the same for every scan of a store; plain data, for worker threads. */
export interface PrepareSetup {
  out: string;
  labels: LabelRuleOptions;
  spacing: Vector3 | null;
  backgroundPoints: number;
  /** Folder that each mask is written to as well. */
  exported: string | null;
  known: FileHashes;
}

export interface PrepareJob {
  scan: Omit<SourceScan, 'files'>;
  /** Every file that the voxels come from, or why they could not be listed. */
  files: readonly string[] | { code: string; message: string };
}

export interface PreparedOne {
  key: string;
  /** Of its scan.json. */
  sha256: string;
  nodules: number;
  /** Whether it was there already. */
  kept: boolean;
  /** What was hashed for it, by the hash of the path. */
  learnt: [string, RememberedFile][];
  notes: string[];
}

/** The key of a scan and what was learnt on the way. @throws NoduleTrainError `read-failed` */
export async function keyOf(setup: PrepareSetup, { scan, files }: PrepareJob) {
  if ('code' in files) throw new NoduleTrainError(files.code, files.message);
  const rule = createRule(setup.labels);
  const learnt: PreparedOne['learnt'] = [];
  const times = new Map<string, string>();
  const hashOf = async (path: string) => {
    const { sha256, time, remember } = await contentHash(path, setup.known);
    times.set(path, time);
    if (remember !== null) learnt.push(remember);
    return sha256;
  };
  const scanHashes: string[] = [];
  for (const path of files) scanHashes.push(await hashOf(path));
  const truthHashes: Record<string, string> = {};
  const beside = [...rule.files(scan.truth), ...(scan.truth.lungs ? [scan.truth.lungs] : [])];
  for (const [i, header] of beside.entries())
    for (const [part, path] of (await imageFiles(header)).entries()) truthHashes[`${i}.${part}`] = await hashOf(path);
  const { spacing, backgroundPoints } = setup;
  const key = scanKey({ scan, rule, spacing, backgroundPoints, scanHashes, truthHashes });
  return { key, learnt, times };
}

/**
 * Makes the ground truth of one scan and puts both into the store, where they are not there yet. Errors name the series, and files by their
 * last names only.
 * @throws NoduleTrainError what reading, the rule and writing throw, and `scan-changed`
 */
export async function prepareScan(setup: PrepareSetup, job: PrepareJob): Promise<PreparedOne> {
  const paths = pathsOf(job);
  try {
    return await prepareOne(setup, job, (note) => withoutPaths(note, paths));
  } catch (error) {
    const code = error instanceof NoduleTrainError ? error.code : 'prepare-failed';
    const message = withoutPaths(error instanceof Error ? error.message : String(error), paths);
    throw new NoduleTrainError(code, `preparing series ${job.scan.uid}: ${message}`);
  }
}

async function prepareOne(setup: PrepareSetup, job: PrepareJob, clean: (note: string) => string): Promise<PreparedOne> {
  const { scan } = job;
  const { key, learnt, times } = await keyOf(setup, job);
  const folder = scanFolder(setup.out, key);
  const notes: string[] = [];
  let sum = await preparedSum(folder);
  const kept = sum !== null;
  if (sum === null) {
    await setAside(folder);
    const volume = await readSourceVolume(scan, (note) => notes.push(clean(note)));
    const labelled = await labelScan(volume, scan.truth, createRule(setup.labels), setup.backgroundPoints);
    for (const [path, time] of times) await refuseChanged(path, time);
    const made = setup.spacing === null ? labelled : resampleScan(labelled, setup.spacing);
    sum = { ...(await writePreparedScan(folder, made)), nodules: made.nodules.length };
  }
  if (setup.exported !== null) await exportMask(folder, setup.exported);
  return { key, ...sum, kept, learnt, notes };
}

/** A scan that lies there damaged makes room; what another process just put there does not. */
async function setAside(folder: string): Promise<void> {
  await rename(folder, temporaryName(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

async function refuseChanged(path: string, before: string): Promise<void> {
  const { mtimeNs } = await stat(path, { bigint: true });
  if (String(mtimeNs) === before) return;
  throw new NoduleTrainError('scan-changed', `${path} changed while it was read; prepare the data again`);
}

async function exportMask(folder: string, dir: string): Promise<void> {
  const { volume, mask } = await readPreparedScan(folder);
  const { shape, spacing, origin, direction, uid } = volume;
  await writeMask(join(dir, `${uid}_mask.mhd`), { voxels: mask, shape, spacing, origin, direction, uid });
}

const pathsOf = ({ scan, files }: PrepareJob): string[] => {
  const { mask, votes, contours, lungs } = scan.truth;
  return [scan.read.path, ...('code' in files ? [] : files), mask, votes, contours, lungs].filter(
    (path) => typeof path === 'string',
  );
};
