import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { indexToWorld, readVolume, writeVolume } from '../dist/ct/index.js';
import { IDENTITY, readScan } from './scan.mjs';
import { writeSeries } from './writeSeries.mjs';

const real = resolve(dirname(fileURLToPath(import.meta.url)), '../../shared/data/luna16/subset0');
const diameterMm = 8;

/**
 * Writes the files that both sides read, and files.json, which lists them: a DICOM series; a scan as `.zraw` and
 * `.raw`, a real one if this machine has it, else the bench's own (bench/scan.mjs), repeated; and the scan whose ground
 * truth is made.
 *
 * @param {string} folder of bench/scan.mjs
 * @param {boolean} quick few slices
 */
export async function writeFiles(folder, quick) {
  const scan = await repeatedScan(folder, quick ? 1 : 4);
  const into = join(folder, 'files');
  await mkdir(into);
  const found = existsSync(real) && !quick ? (await readdir(real)).find((name) => name.endsWith('.mhd')) : undefined;
  const zraw = found === undefined ? join(into, 'packed.mhd') : join(real, found);
  if (found === undefined) await writeVolume(zraw, scan.volume);
  const raw = join(into, 'raw.mhd');
  await writeVolume(raw, found === undefined ? scan.volume : await readVolume(zraw, { intensity: 'hu' }), {
    compress: false,
  });
  const truth = join(into, 'truth.mhd');
  await writeVolume(truth, scan.volume, { compress: false });
  const files = { dicom: await writeSeries(folder), zraw, raw, truth, annotations: scan.annotations };
  await writeFile(join(folder, 'files.json'), JSON.stringify(files));
}

async function repeatedScan(folder, times) {
  const { shape, centers, voxels: once } = await readScan(folder);
  const voxels = new Int16Array(times * once.length);
  for (let i = 0; i < times; i++) voxels.set(once, i * once.length);
  const volume = {
    voxels,
    intensity: 'hu',
    shape: [times * shape[0], shape[1], shape[2]],
    spacing: [0.7, 0.7, 2],
    origin: [-170, -180, -60],
    direction: IDENTITY,
    uid: 'bench',
    scale: 1,
    offset: 0,
  };
  const annotations = centers.map((index) => ({ center: indexToWorld(volume, index), diameterMm }));
  return { volume, annotations };
}
