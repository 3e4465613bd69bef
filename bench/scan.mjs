import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { worldToIndex } from '../dist/ct/index.js';
import { synthesize } from '../dist/phantom/index.js';

/**
 * The scan both sides crop from, in the plainest form: `hu.i16`, `mask.u8` (C order) and `scan.json` with the nodules' centres.
 *
 * @param {string} folder
 */
export async function writeScan(folder) {
  const { volume, mask, nodules } = synthesize({ seed: 7, size: [32, 512, 512], spacing: [0.7, 0.7, 2] });
  const { shape, voxels } = volume;
  const centers = nodules.map(({ center }) => worldToIndex(volume, center).map(Math.round));
  await writeFile(join(folder, 'hu.i16'), new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength));
  await writeFile(join(folder, 'mask.u8'), mask);
  await writeFile(join(folder, 'scan.json'), JSON.stringify({ shape, centers }));
}
