import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Vector3, writeMask } from '../../ct/index.js';
import { createRule, type LabelRuleOptions, type ScanLabels } from '../../labels/index.js';
import { NoduleTrainError, temporaryName } from '../../runtime/index.js';
import { labelScan } from '../labelling/labelScan.js';
import { resampleScan } from '../labelling/resampleScan.js';
import { scanLabels } from '../labelling/scanLabels.js';
import { imageFiles } from '../sources/imagesIn.js';
import { readSourceVolume, type SourceScan } from '../sources/source.js';
import { contentHash, type FileHashes, type RememberedFile } from './fileHashes.js';
import { readPreparedScan, readSummary, writePreparedScan } from './preparedScan.js';
import { scanKey } from './scanKey.js';
import { scanFolder } from './store.js';
import { withoutPaths } from './withoutPaths.js';

/** What all scans of a store share; plain data, for worker threads. */
export interface PrepareSetup {
  out: string;
  labels: LabelRuleOptions;
  spacing: Vector3 | null;
  backgroundPoints: number;
  /** Folder to also write each mask to. */
  exported: string | null;
  known: FileHashes;
}

/** One scan to prepare; plain data, for worker threads. */
export interface PrepareJob {
  scan: Omit<SourceScan, 'files'>;
  /** Every file that the voxels come from, or the error of listing them. */
  files: readonly string[] | { code: string; message: string };
}

/** Result of preparing one scan; plain data, from worker threads. */
export interface PreparedOne {
  key: string;
  /** SHA-256 of its scan.json. */
  sha256: string;
  /** What became of its labels. */
  labels: ScanLabels;
  /** Whether the store already had it. */
  kept: boolean;
  /** Files hashed for it, by the hash of their path. */
  hashed: [string, RememberedFile][];
  notes: string[];
}

/**
 * Computes the key of a scan, with the hashes and modification times of its files.
 * @throws NoduleTrainError the job's error of listing its files, such as `read-failed`
 */
export async function computeKey(setup: PrepareSetup, { scan, files }: PrepareJob) {
  if ('code' in files) throw new NoduleTrainError(files.code, files.message);
  const rule = createRule(setup.labels);
  const hashed: PreparedOne['hashed'] = [];
  const times = new Map<string, string>();
  const hash = async (path: string) => {
    const { sha256, time, remember } = await contentHash(path, setup.known);
    times.set(path, time);
    if (remember !== null) hashed.push(remember);
    return sha256;
  };
  const scanHashes: string[] = [];
  for (const path of files) scanHashes.push(await hash(path));
  const truthHashes: Record<string, string> = {};
  const truthFiles = [...rule.files(scan.truth), ...(scan.truth.lungs ? [scan.truth.lungs] : [])];
  for (const [i, header] of truthFiles.entries())
    for (const [part, path] of (await imageFiles(header)).entries()) truthHashes[`${i}.${part}`] = await hash(path);
  const { spacing, backgroundPoints } = setup;
  const key = scanKey({ scan, rule, spacing, backgroundPoints, scanHashes, truthHashes });
  return { key, hashed, times };
}

/**
 * Makes the ground truth of one scan and stores both, unless the store already has them. Errors name the series, and
 * files without their folders.
 * @throws NoduleTrainError `scan-changed`, and what reading, the rule and writing throw
 */
export async function prepareScan(setup: PrepareSetup, job: PrepareJob): Promise<PreparedOne> {
  const paths = listPaths(job);
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
  const { key, hashed, times } = await computeKey(setup, job);
  const folder = scanFolder(setup.out, key);
  const notes: string[] = [];
  let summary = await readSummary(folder);
  const kept = summary !== null;
  if (summary === null) {
    await moveAside(folder);
    const onNote = (note: string): void => void notes.push(clean(note));
    const volume = await readSourceVolume(scan, onNote);
    const labelled = await labelScan(volume, scan.truth, createRule(setup.labels), setup.backgroundPoints, onNote);
    for (const [path, time] of times) await refuseChanged(path, time);
    const made = setup.spacing === null ? labelled : resampleScan(labelled, setup.spacing);
    summary = { ...(await writePreparedScan(folder, made)), labelled: made };
  }
  if (setup.exported !== null) await exportMask(folder, setup.exported);
  // The lines of a list are not part of the key, so they are those of the current list.
  const labels = scanLabels(scan.uid, summary.labelled, scan.truth.annotations);
  return { key, sha256: summary.sha256, labels, kept, hashed, notes };
}

/** Renames a damaged scan, so that the new one can take its place. It is deleted as an abandoned temporary later. */
async function moveAside(folder: string): Promise<void> {
  await rename(folder, temporaryName(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

async function refuseChanged(path: string, before: string): Promise<void> {
  const { mtimeNs } = await stat(path, { bigint: true });
  if (String(mtimeNs) === before) return;
  throw new NoduleTrainError('scan-changed', `${path} changed while it was being read. Prepare the data again.`);
}

async function exportMask(folder: string, dir: string): Promise<void> {
  const { volume, mask } = await readPreparedScan(folder);
  const { shape, spacing, origin, direction, uid } = volume;
  await writeMask(join(dir, `${uid}_mask.mhd`), { voxels: mask, shape, spacing, origin, direction, uid });
}

const listPaths = ({ scan, files }: PrepareJob): string[] => {
  const { mask, votes, contours, lungs } = scan.truth;
  return [scan.read.path, ...('code' in files ? [] : files), mask, votes, contours, lungs].filter(
    (path) => typeof path === 'string',
  );
};
