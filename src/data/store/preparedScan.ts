import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from '../../ct/index.js';
import { NoduleTrainError, syncAll, temporaryName } from '../../runtime/index.js';
import { mapNpy, type NpyFile, writeNpy } from '../../torch/index.js';
import type { LabelledScan } from '../labelling/labelledScan.js';

/** What scan.json of a prepared scan holds beside the arrays. */
interface ScanFile extends Omit<LabelledScan, 'volume' | 'mask'> {
  format: 'nodule-train-scan';
  version: 2;
  volume: Omit<Volume, 'voxels'>;
  files: Record<'voxels.npy' | 'mask_voxels.npy', NpyFile>;
}

/**
 * Writes a prepared scan as a folder of its own: `voxels.npy` int16 [slices, rows, columns], `mask_voxels.npy` int32 (the places of
 * the labelled voxels in the flattened scan) and `scan.json`, which has the hashes of both. The folder appears whole or
 * not at all; one that is there already is left. Returns the SHA-256 of scan.json.
 */
export async function writePreparedScan(
  folder: string,
  { volume, mask, ...rest }: LabelledScan,
): Promise<{ sha256: string }> {
  const temporary = temporaryName(folder);
  await mkdir(temporary, { recursive: true });
  try {
    const { voxels, ...geometry } = volume;
    const labelled = labelledVoxels(mask);
    const files = {
      'voxels.npy': await writeNpy(join(temporary, 'voxels.npy'), volume.shape, voxels),
      'mask_voxels.npy': await writeNpy(join(temporary, 'mask_voxels.npy'), [labelled.length], labelled),
    };
    const scan: ScanFile = { format: 'nodule-train-scan', version: 2, volume: geometry, files, ...rest };
    const text = `${JSON.stringify(scan)}\n`;
    await writeFile(join(temporary, 'scan.json'), text);
    // Before the rename, or a power cut could leave a whole folder of empty files. The rename itself is forced with the index.
    await syncAll([...Object.keys(files), 'scan.json', '.'].map((name) => join(temporary, name)));
    await rename(temporary, folder);
    return { sha256: sha256Of(text) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process prepared the same content meanwhile.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return { sha256: sha256Of(await readFile(join(folder, 'scan.json'))) };
  }
}

const sha256Of = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * A prepared scan; its voxels are mapped, so that only those that are looked at are read.
 * @throws NoduleTrainError `npy`, `map-failed`, `prepared-scan` where the folder is damaged
 */
export async function readPreparedScan(folder: string): Promise<LabelledScan> {
  const { volume, format: _, version: __, files: ___, ...rest } = parse(folder, await readScanJson(folder));
  const voxels = mapNpy(join(folder, 'voxels.npy')).data as Int16Array;
  const mask = new Uint8Array(voxels.length);
  for (const at of mapNpy(join(folder, 'mask_voxels.npy')).data) mask[at] = 1;
  return { volume: { ...volume, voxels }, mask, ...rest };
}

/**
 * The SHA-256 of a prepared scan's scan.json and how many nodules it has, where its arrays are there in full length; null where it is not
 * there or damaged so far. What lies in the arrays is not looked at.
 */
export async function preparedSum(folder: string): Promise<{ sha256: string; nodules: number } | null> {
  try {
    const text = await readScanJson(folder);
    const { files, nodules } = parse(folder, text);
    for (const [name, { bytes }] of Object.entries(files))
      if ((await stat(join(folder, name))).size !== bytes) return null;
    return { sha256: sha256Of(text), nodules: nodules.length };
  } catch {
    return null;
  }
}

/** What is wrong with the files of a prepared scan, by their hashes; nothing where all are as they were written. */
export async function damageOf(
  folder: string,
  sha256: string,
  sumOf: (path: string) => Promise<NpyFile>,
): Promise<string[]> {
  let text: Buffer;
  try {
    text = await readScanJson(folder);
  } catch {
    return ['scan.json cannot be read'];
  }
  if (sha256Of(text) !== sha256) return ['scan.json has another hash'];
  const found: string[] = [];
  for (const [name, wanted] of Object.entries(parse(folder, text).files)) {
    const sum = await sumOf(join(folder, name)).catch(() => null);
    if (sum === null) found.push(`${name} cannot be read`);
    else if (sum.bytes !== wanted.bytes) found.push(`${name} has ${sum.bytes} bytes, wanted are ${wanted.bytes}`);
    else if (sum.sha256 !== wanted.sha256) found.push(`${name} has another hash`);
  }
  return found;
}

const readScanJson = (folder: string): Promise<Buffer> =>
  readFile(join(folder, 'scan.json')).catch((cause: Error) => {
    throw damaged(folder, cause.message, cause);
  });

function parse(folder: string, text: Buffer): ScanFile {
  let scan: ScanFile;
  try {
    scan = JSON.parse(text.toString('utf8')) as ScanFile;
  } catch (cause) {
    throw damaged(folder, (cause as Error).message, cause);
  }
  if (scan.format === 'nodule-train-scan' && scan.version === 2) return scan;
  throw damaged(folder, 'another format');
}

const damaged = (folder: string, found: string, cause?: unknown) =>
  new NoduleTrainError(
    'prepared-scan',
    `reading the prepared scan ${join(folder, 'scan.json')}: ${found}; prepare the data again`,
    { cause },
  );

function labelledVoxels(mask: Uint8Array): Int32Array {
  let count = 0;
  for (const value of mask) if (value !== 0) count++;
  const places = new Int32Array(count);
  let next = 0;
  for (let at = 0; at < mask.length; at++) if (mask[at] !== 0) places[next++] = at;
  return places;
}
