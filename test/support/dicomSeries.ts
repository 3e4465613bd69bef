import { mkdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Matrix3, readVolume } from '../../dist/ct/index.js';
import { dicomBytes, explicitLittle, type Fields, type Stack, sliceFields } from './dicomBytes.mjs';
import { scratchFolder } from './scratch.js';

export interface SeriesOptions {
  syntax?: string;
  /** Overrides fields of slice k. */
  over?: (k: number) => Fields;
  /** File name of slice k; null leaves the slice out. By default the names are not in the order of the slices. */
  name?: (k: number) => string | null;
}

/** Writes a stack as a folder of one file a slice. */
export const writeSeriesSync = (dir: string, stack: Stack, options: SeriesOptions = {}): string => {
  const { syntax = explicitLittle, over = () => ({}), name = shuffled } = options;
  mkdirSync(dir, { recursive: true });
  for (let k = 0; k < stack.shape[0]!; k++) {
    const file = name(k);
    if (file !== null) writeFileSync(join(dir, file), dicomBytes(sliceFields(stack, k, over(k), syntax), syntax));
  }
  return dir;
};

/** The same as a promise. */
export const writeSeries = async (dir: string, stack: Stack, options: SeriesOptions = {}): Promise<string> =>
  writeSeriesSync(dir, stack, options);

const shuffled = (k: number): string => `IM${String((k * 7919 + 13) % 1009).padStart(4, '0')}.dcm`;

const folder = scratchFolder('dicom');
let made = 0;

/** A folder of the test file that imports this. */
export const scratch = (): string => folder;

/** Columns, rows and slices lie along x, y and z. */
export const straight: Matrix3 = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const [turn, tip] = [0.3, 0.2];
export const oblique: Matrix3 = [
  [Math.cos(turn), -Math.sin(turn) * Math.cos(tip), Math.sin(turn) * Math.sin(tip)],
  [Math.sin(turn), Math.cos(turn) * Math.cos(tip), -Math.cos(turn) * Math.sin(tip)],
  [0, Math.sin(tip), Math.cos(tip)],
];
export const shape = [5, 4, 3] as const;
export const count = 60;
/** Every stored value once, so that any mix-up of voxels shows. */
export const ramp = Int16Array.from({ length: count }, (_, k) => k * 40);
export const stack: Stack = {
  shape,
  spacing: [0.75, 0.5, 2.5],
  origin: [-20, 30.5, -100],
  direction: straight,
  stored: ramp,
};

export const series = (options: SeriesOptions = {}, of: Stack = stack): Promise<string> =>
  writeSeries(join(scratch(), `series ${made++}`), of, options);
export const add = (dir: string, name: string, fields: Fields, syntax?: string): Promise<void> =>
  writeFile(join(dir, name), dicomBytes(fields, syntax));

export const read = async (path: string, options: Parameters<typeof readVolume>[1] = {}) => {
  const notes: string[] = [];
  const volume = await readVolume(path, { ...options, onNote: (text) => notes.push(text) });
  return { volume, notes, voxels: [...volume.voxels] };
};
/** Values of `stack` in HU. */
export const shifted = Array.from(ramp, (stored) => stored - 1024);

export const largest = (ours: readonly number[], theirs: readonly number[]): number =>
  Math.max(...ours.map((value, k) => Math.abs(value - theirs[k]!)));

/** A folder of several series, each by its number of slices kept. */
export const several = async (...wanted: readonly [uid: string, over: Fields][]): Promise<string> => {
  const dir = join(scratch(), `several ${made++}`);
  for (const [uid, over] of wanted)
    await writeSeries(dir, stack, { name: (k) => `${uid} ${k}`, over: () => ({ ...over, SeriesInstanceUID: uid }) });
  return dir;
};

export const scout: Fields = { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] };
