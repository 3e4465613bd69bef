import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inGolden } from './paths.js';

/** A real scan as SimpleITK reads it. */
export interface SharedScan {
  /** [columns, rows, slices] */
  size: number[];
  spacing: number[];
  origin: number[];
  direction: number[][];
  /** Lowest and highest value. */
  range: [number, number];
  /** SHA-256 of the voxels as int16. */
  sha256: string;
}

/** The cases of test/golden/NAME.json. */
export const sharedScans = <Case extends SharedScan>(name: string): Case[] =>
  JSON.parse(readFileSync(inGolden(`${name}.json`), 'utf8')).cases;

export const sha256Of = (voxels: Int16Array): string =>
  createHash('sha256')
    .update(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength))
    .digest('hex');

/** Lowest and highest of the voxels. */
export const rangeOf = (voxels: Int16Array): [number, number] => {
  let [min, max] = [32767, -32768];
  for (const value of voxels) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
};
