import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { worldToIndex } from '../dist/ct/index.js';
import { synthesize } from '../dist/phantom/index.js';

/**
 * Writes the scan that both sides crop from, in the simplest format: `hu.i16`, `mask.u8` (C order) and `scan.json` with
 * the nodules' centres.
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

/**
 * Reads what `writeScan` wrote.
 *
 * @param {string} folder
 * @returns {Promise<{shape: number[], centers: number[][], voxels: Int16Array, mask: Uint8Array}>}
 */
export async function readScan(folder) {
  const { shape, centers } = JSON.parse(await readFile(join(folder, 'scan.json'), 'utf8'));
  const hu = await readFile(join(folder, 'hu.i16'));
  const voxels = new Int16Array(hu.buffer.slice(hu.byteOffset, hu.byteOffset + hu.byteLength));
  return { shape, centers, voxels, mask: new Uint8Array(await readFile(join(folder, 'mask.u8'))) };
}

export const IDENTITY = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
