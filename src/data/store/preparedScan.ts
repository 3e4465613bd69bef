import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from '../../ct/index.js';
import { NoduleTrainError, syncAll, temporaryName } from '../../runtime/index.js';
import { mapNpy, type NpyFile, writeNpy } from '../../torch/index.js';
import type { LabelledScan } from '../labelling/labelledScan.js';

/** Version of scan.json. */
const VERSION = 3;

/** Content of a prepared scan's scan.json: everything except the arrays. */
interface ScanFile extends Omit<LabelledScan, 'volume' | 'mask'> {
  format: 'nodule-train-scan';
  version: typeof VERSION;
  volume: Omit<Volume, 'voxels'>;
  files: Record<'voxels.npy' | 'mask_voxels.npy', NpyFile>;
}

/**
 * Writes a prepared scan as a folder: `voxels.npy` int16 `[slices, rows, columns]`, `mask_voxels.npy` int32 (indices of
 * the labelled voxels in the flattened scan) and `scan.json`, which contains the hashes of both. The folder appears
 * complete or not at all, and an existing one stays. Returns the SHA-256 of scan.json.
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
    const scan: ScanFile = { format: 'nodule-train-scan', version: VERSION, volume: geometry, files, ...rest };
    const text = `${JSON.stringify(scan)}\n`;
    await writeFile(join(temporary, 'scan.json'), text);
    // Synced before the rename, or a power cut could leave empty files. The rename itself is synced with the index.
    await syncAll([...Object.keys(files), 'scan.json', '.'].map((name) => join(temporary, name)));
    await rename(temporary, folder);
    return { sha256: sha256Hex(text) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // If the folder exists, another process has prepared the same content meanwhile.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return { sha256: sha256Hex(await readFile(join(folder, 'scan.json'))) };
  }
}

/** What the index of a store takes from a prepared scan. */
export interface PreparedSummary {
  /** SHA-256 of its scan.json. */
  sha256: string;
  labelled: Pick<LabelledScan, 'nodules' | 'lost' | 'labelImage'>;
}

const sha256Hex = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Reads a prepared scan. Its voxels are memory-mapped, so only the pages that are used are read.
 * @throws NoduleTrainError `npy`, `map-failed` or `prepared-scan` if the folder is damaged
 */
export async function readPreparedScan(folder: string): Promise<LabelledScan> {
  const { volume, format: _, version: __, files: ___, ...rest } = parse(folder, await readScanJson(folder));
  const voxels = mapNpy(join(folder, 'voxels.npy')).data as Int16Array;
  const mask = new Uint8Array(voxels.length);
  for (const at of mapNpy(join(folder, 'mask_voxels.npy')).data) mask[at] = 1;
  return { volume: { ...volume, voxels }, mask, ...rest };
}

/**
 * Reads the SHA-256 of a prepared scan's scan.json and what became of its labels. Null if the scan is not there, or its
 * scan.json or the length of an array is wrong. Does not check the content of the arrays.
 */
export async function readSummary(folder: string): Promise<PreparedSummary | null> {
  try {
    const text = await readScanJson(folder);
    const { files, nodules, lost, labelImage } = parse(folder, text);
    for (const [name, { bytes }] of Object.entries(files))
      if ((await stat(join(folder, name))).size !== bytes) return null;
    return { sha256: sha256Hex(text), labelled: { nodules, lost, labelImage } };
  } catch {
    return null;
  }
}

/** Checks the files of a prepared scan against their hashes, and describes what is wrong; empty if nothing is. */
export async function findDamage(
  folder: string,
  sha256: string,
  hash: (path: string) => Promise<NpyFile>,
): Promise<string[]> {
  let text: Buffer;
  try {
    text = await readScanJson(folder);
  } catch {
    return ['scan.json cannot be read'];
  }
  if (sha256Hex(text) !== sha256) return ['scan.json has the wrong hash'];
  const found: string[] = [];
  for (const [name, expected] of Object.entries(parse(folder, text).files)) {
    const actual = await hash(join(folder, name)).catch(() => null);
    if (actual === null) found.push(`${name} cannot be read`);
    else if (actual.bytes !== expected.bytes)
      found.push(`${name} has ${actual.bytes} bytes, expected ${expected.bytes}`);
    else if (actual.sha256 !== expected.sha256) found.push(`${name} has the wrong hash`);
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
  if (scan.format === 'nodule-train-scan' && scan.version === VERSION) return scan;
  throw damaged(
    folder,
    `found ${JSON.stringify(scan.format)} version ${scan.version}, expected "nodule-train-scan" version ${VERSION}`,
  );
}

const damaged = (folder: string, found: string, cause?: unknown) =>
  new NoduleTrainError(
    'prepared-scan',
    `reading the prepared scan ${join(folder, 'scan.json')}: ${found}. Prepare the data again.`,
    { cause },
  );

/** Lists the indices of the voxels that are not 0. */
function labelledVoxels(mask: Uint8Array): Int32Array {
  let count = 0;
  for (const value of mask) if (value !== 0) count++;
  const places = new Int32Array(count);
  let next = 0;
  for (let at = 0; at < mask.length; at++) if (mask[at] !== 0) places[next++] = at;
  return places;
}
