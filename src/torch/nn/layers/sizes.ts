import { z } from 'zod';

/** One number for all axes, or a list of one. */
export type Single = number | readonly [length: number];
/** One number for rows and columns, or one each. */
export type Pair = number | readonly [rows: number, columns: number];
/** One number for slices, rows and columns, or one each. */
export type Triple = number | readonly [slices: number, rows: number, columns: number];
/** Number of spatial axes. */
export type Axes = 1 | 2 | 3;
/** Type of a size over that many axes. */
export type Sizes<N extends Axes> = N extends 1 ? Single : N extends 2 ? Pair : Triple;

const MOST = 2 ** 31 - 1;

/** Schema of a positive integer. */
export const count = z.int().min(1).max(MOST);

/** Schema of one integer from `least` on for all axes, or one for each. Gives one for each. */
export const sizes = (axes: Axes, least: number) =>
  z
    .union([z.int().min(least).max(MOST), z.array(z.int().min(least).max(MOST)).length(axes)])
    .transform((size): number[] => (typeof size === 'number' ? new Array<number>(axes).fill(size) : [...size]));

/** Fills all axes with one number. */
export const filled = (axes: Axes, value: number): number[] => new Array<number>(axes).fill(value);

/** How an error names the axes of an input: `[B, channels, H, W]`. */
export const inputShape = (axes: Axes): string => `[B, channels, ${['L', 'H, W', 'D, H, W'][axes - 1]}]`;
