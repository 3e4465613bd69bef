import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/error.js';
import type { LabelledScan, ScanNodule } from './labelledScan.js';
import type { Triple } from './noduleSlices.js';
import { readNpy, writeNpy } from './npy.js';

/** What scan.json of a prepared scan holds beside the arrays. */
interface ScanFile {
  format: 'nodule-train-scan';
  volume: Omit<Volume, 'voxels'>;
  nodules: ScanNodule[];
  background: Triple[];
}

/**
 * Writes a prepared scan as a folder of its own: `voxels.npy` int16 [slices, rows, columns], `mask_voxels.npy` int32 (the places of
 * the labelled voxels in the flattened scan) and `scan.json`. The folder appears whole or not at all; one that is
 * there already is left.
 */
export async function writePreparedScan(folder: string, { volume, mask, nodules, background }: LabelledScan) {
  const temporary = `${folder}.${process.pid}.${randomUUID()}.tmp`;
  await mkdir(temporary, { recursive: true });
  try {
    const { voxels, ...rest } = volume;
    await writeNpy(join(temporary, 'voxels.npy'), volume.shape, voxels);
    const labelled = labelledVoxels(mask);
    await writeNpy(join(temporary, 'mask_voxels.npy'), [labelled.length], labelled);
    const scan: ScanFile = { format: 'nodule-train-scan', volume: rest, nodules, background };
    await writeSynced(join(temporary, 'scan.json'), `${JSON.stringify(scan)}\n`);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process prepared the same content meanwhile.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** @throws NoduleTrainError `npy`, `prepared-scan` where the folder is damaged */
export async function readPreparedScan(folder: string): Promise<LabelledScan> {
  const scan = await readScanFile(folder);
  const voxels = (await readNpy(join(folder, 'voxels.npy'))).data as Int16Array;
  const labelled = (await readNpy(join(folder, 'mask_voxels.npy'))).data;
  const mask = new Uint8Array(voxels.length);
  for (const at of labelled) mask[at] = 1;
  return { volume: { ...scan.volume, voxels }, mask, nodules: scan.nodules, background: scan.background };
}

async function readScanFile(folder: string): Promise<ScanFile> {
  const path = join(folder, 'scan.json');
  try {
    const scan = JSON.parse(await readFile(path, 'utf8')) as ScanFile;
    if (scan.format === 'nodule-train-scan') return scan;
  } catch (cause) {
    throw damaged(path, (cause as Error).message, cause);
  }
  throw damaged(path, 'another format');
}

const damaged = (path: string, found: string, cause?: unknown) =>
  new NoduleTrainError('prepared-scan', `reading the prepared scan ${path}: ${found}; prepare the data again`, {
    cause,
  });

function labelledVoxels(mask: Uint8Array): Int32Array {
  let count = 0;
  for (const value of mask) if (value !== 0) count++;
  const places = new Int32Array(count);
  let next = 0;
  for (let at = 0; at < mask.length; at++) if (mask[at] !== 0) places[next++] = at;
  return places;
}

/** Writes a small file and forces it to the disk. */
export async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
