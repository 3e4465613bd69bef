import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findScans, writeMask, writeVolume } from '../../dist/ct/index.js';
import type { Fields, Stack } from './dicomBytes.mjs';
import { stack, straight, writeSeries } from './dicomSeries.js';
import { scratchFolder } from './scratch.js';

const root = scratchFolder('find-scans');
let made = 0;
/** An empty folder of the test file that imports this. */
export const folder = async (): Promise<string> => {
  const dir = join(root, `case ${made++}`);
  await mkdir(dir);
  return dir;
};

/** A stack that covers a chest: 4 x 3 pixels of 80 mm, `slices` at `distance` mm. */
export const chest = (slices: number, distance: number, over: Partial<Stack> = {}): Stack => ({
  ...stack,
  shape: [slices, 4, 3],
  spacing: [80, 80, distance],
  stored: new Int16Array(slices * 12).fill(500),
  ...over,
});

/** One series in a folder of its own below `dir`. */
export const addSeries = (dir: string, uid: string, of: Stack, over: Fields = {}, at = uid): Promise<string> =>
  writeSeries(join(dir, at), of, {
    over: (k) => ({ SeriesInstanceUID: uid, SOPInstanceUID: `${uid}.${k}`, ...over }),
  });

/** What `findScans` finds in a folder, in the terms of the tests. */
export const find = async (dir: string, options: Parameters<typeof findScans>[1] = {}) => {
  const { scans, skipped } = await findScans([dir], options);
  return {
    scans,
    uids: scans.map(({ series }) => series),
    names: scans.map(({ name }) => name),
    reasons: Object.fromEntries(
      skipped.map(({ series, path, reason }) => [series ?? path.slice(dir.length + 1), reason]),
    ),
  };
};

const volume = {
  shape: [2, 3, 4] as const,
  voxels: new Int16Array(24).fill(-1000),
  spacing: [1, 1, 2] as const,
  origin: [0, 0, 0] as const,
  direction: straight,
  intensity: 'hu' as const,
  uid: '',
  scale: 1,
  offset: 0,
};
/** Writes a small scan; folders are made. */
export const addImage = async (...parts: string[]): Promise<string> => {
  const path = join(...parts);
  await mkdir(dirname(path), { recursive: true });
  await writeVolume(path, volume);
  return path;
};
/** Writes labels of bytes. */
export const addMask = async (...parts: string[]): Promise<string> => {
  const path = join(...parts);
  await mkdir(dirname(path), { recursive: true });
  await writeMask(path, { ...volume, voxels: new Uint8Array(24) });
  return path;
};
