import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Volume } from '../../ct/index.js';
import { imageFiles } from '../../data/index.js';
import { fileHash } from '../../runtime/index.js';

/** A scan in files, as `findScans` finds it. */
export interface ScanPath {
  /** The file, or the folder of a DICOM series. */
  readonly path: string;
  /** UID of the series; absent where the scan is not DICOM. */
  readonly series?: string | undefined;
  /** Files of the series; by default all of it in the folder. */
  readonly files?: readonly string[] | undefined;
  /** What the user should know about the choice of the scan, one sentence each. */
  readonly notes: readonly string[];
}

/** A scan to segment, in files or in memory. */
export type ScanInput = ScanPath | Volume;

export const isVolume = (scan: ScanInput): scan is Volume => 'voxels' in scan;

/**
 * Computes what identifies a scan: the series UID of DICOM with the sizes of its files, the SHA-256 of the files of
 * another image, or that of the voxels and the grid of a volume in memory. The sizes tell a series that was still being
 * copied from the whole one, without reading it.
 */
export async function scanIdentity(scan: ScanInput): Promise<string> {
  const hash = createHash('sha256');
  if (isVolume(scan)) {
    const { voxels, uid, shape, spacing, origin, direction, intensity, scale, offset } = scan;
    hash.update(JSON.stringify({ uid, shape, spacing, origin, direction, intensity, scale, offset }));
    hash.update(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength));
    return hash.digest('hex');
  }
  if (scan.series !== undefined) {
    const sizes = await Promise.all((scan.files ?? []).map(async (file) => (await stat(file)).size));
    return `series ${scan.series} ${sizes.sort((a, b) => a - b).join(' ')}`;
  }
  for (const file of await imageFiles(scan.path)) hash.update((await fileHash(file)).sha256);
  return hash.digest('hex');
}
