import { writePhantoms } from '../../dist/phantom/index.js';

/** Phantoms on which an epoch takes seconds. */
const TINY = { size: [12, 64, 64], spacing: [5, 5, 12], threads: 1 } as const;

/** The same for `nodule-train synth`. */
export const tinyScanOptions = ['--size', '12,64,64', '--spacing', '5,5,12', '--threads', '1'];

/** Writes tiny phantoms as a folder in LUNA16's layout. */
export async function writeTinyScans(folder: string, count = 4): Promise<void> {
  await writePhantoms(folder, { count, ...TINY, size: [...TINY.size], spacing: [...TINY.spacing] });
}
