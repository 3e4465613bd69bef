import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dicomBytes, sliceFields } from '../test/support/dicomBytes.mjs';
import { IDENTITY, readScan } from './scan.mjs';

const real = resolve(dirname(fileURLToPath(import.meta.url)), '../../shared/data/dicom/LIDC-IDRI-0001');
const slices = 132;

/**
 * Returns the folder of an uncompressed DICOM series: a real one of 133 slices if this machine has it, else the bench's
 * scan (bench/scan.mjs), which is written as 132 slices of 512×512 and repeated where it has fewer.
 *
 * @param {string} folder of bench/scan.mjs
 */
export async function writeSeries(folder) {
  if (existsSync(real)) return real;
  const { shape, voxels } = await readScan(folder);
  const stack = {
    shape,
    spacing: [0.7, 0.7, 2],
    origin: [0, 0, 0],
    direction: IDENTITY,
    stored: voxels.map((hu) => hu + 1024),
  };
  const series = join(folder, 'series');
  await mkdir(series);
  for (let k = 0; k < slices; k++) {
    const over = { SOPInstanceUID: `1.2.3.${k + 1}`, ImagePositionPatient: [0, 0, 2 * k] };
    await writeFile(join(series, `${(k * 67) % slices}.dcm`), dicomBytes(sliceFields(stack, k % shape[0], over)));
  }
  return series;
}
