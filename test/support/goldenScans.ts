import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Volume } from '../../dist/ct/index.js';
import { inGolden } from './paths.js';

/** A golden file as a peer reads it. */
export interface GoldenScan {
  file: string;
  /** After scaling, columns running fastest. */
  values: number[];
  spacing: number[] | null;
  origin: number[];
  direction: number[][];
}

/** Folder and cases of test/golden/NAME. */
export const goldenScans = (name: string): { folder: string; cases: GoldenScan[] } => {
  const folder = inGolden(name);
  return { folder, cases: JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')).cases };
};

/** Values of a volume as the file holds them. */
export const valuesOf = ({ voxels, scale, offset }: Volume): number[] =>
  Array.from(voxels, (stored) => stored * scale + offset);

/** The largest difference of two lists. */
export const largestDifference = (ours: ArrayLike<number>, theirs: ArrayLike<number>): number =>
  Math.max(...Array.from(theirs, (value, k) => Math.abs(value - ours[k]!)));
