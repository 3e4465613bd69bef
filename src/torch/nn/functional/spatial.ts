import { lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkTensor, functionalError, placeOf, readOptions } from './options.js';

const applyPad = lazyOp('aten::pad');
const gridSampler = lazyOp('aten::grid_sampler');
const affineGridGenerator = lazyOp('aten::affine_grid_generator');
const pixelShuffleOp = lazyOp('aten::pixel_shuffle');
const pixelUnshuffleOp = lazyOp('aten::pixel_unshuffle');

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

export interface PadOptions {
  mode?: PadMode | undefined;
  /** What a constant padding holds; default 0. */
  value?: number | undefined;
}

/**
 * Adds elements before and after the last dimensions, or removes them where a number is negative.
 * @param padding [before, after] of the last dimension, then of the one before it, …
 */
export const pad = (input: Tensor, padding: readonly number[], options?: PadOptions): Tensor => {
  const { mode = 'constant', value } = readOptions('pad', options, ['mode', 'value']);
  placeOf('pad', 'mode', mode, ['constant', 'reflect', 'replicate', 'circular']);
  if (!Array.isArray(padding) || padding.length % 2 !== 0 || !padding.every((size) => Number.isInteger(size)))
    throw functionalError(
      'pad',
      `padding is ${Array.isArray(padding) ? `[${padding}]` : typeof padding}, expected pairs of integers`,
    );
  return applyPad(input, padding, mode, value ?? null);
};

export interface GridSampleOptions {
  mode?: 'bilinear' | 'nearest' | 'bicubic' | undefined;
  /** What lies outside the input. */
  paddingMode?: 'zeros' | 'border' | 'reflection' | undefined;
  /** Whether -1 and 1 are the centres of the outermost elements, instead of their outer edges. */
  alignCorners?: boolean | undefined;
}

/**
 * Samples an input at the positions of a grid.
 * @param input [B, C, H, W] or [B, C, D, H, W]
 * @param grid [B, H', W', 2] or [B, D', H', W', 3], positions (x, y, z) from -1 to 1
 */
export const gridSample = (input: Tensor, grid: Tensor, options?: GridSampleOptions): Tensor => {
  const known = ['mode', 'paddingMode', 'alignCorners'] as const;
  const { mode = 'bilinear', paddingMode = 'zeros', alignCorners = false } = readOptions('gridSample', options, known);
  const modePlace = placeOf('gridSample', 'mode', mode, ['bilinear', 'nearest', 'bicubic']);
  const paddingPlace = placeOf('gridSample', 'paddingMode', paddingMode, ['zeros', 'border', 'reflection']);
  return gridSampler(input, grid, modePlace, paddingPlace, alignCorners);
};

/**
 * Makes the grid of affine maps, for {@link gridSample}.
 * @param theta [B, 2, 3] or [B, 3, 4]
 * @param size [B, C, H, W] or [B, C, D, H, W] of the result of `gridSample`
 */
export const affineGrid = (
  theta: Tensor,
  size: readonly number[],
  options?: { alignCorners?: boolean | undefined },
): Tensor => {
  const { alignCorners = false } = readOptions('affineGrid', options, ['alignCorners']);
  checkTensor('affineGrid', 'theta', theta);
  if (!Array.isArray(size) || size.length < 4 || size.length > 5 || !size.every((n) => Number.isInteger(n) && n > 0))
    throw functionalError(
      'affineGrid',
      `size is ${Array.isArray(size) ? `[${size}]` : typeof size}, expected four or five positive integers`,
    );
  const axes = size.length - 2;
  const [samples, rows, columns] = theta.shape;
  if (theta.dim !== 3 || samples !== size[0] || rows !== axes || columns !== axes + 1)
    throw functionalError(
      'affineGrid',
      `theta is of shape [${theta.shape}], expected [${size[0]}, ${axes}, ${axes + 1}] for size [${size}]`,
    );
  if (!theta.dtype.includes('float'))
    throw functionalError('affineGrid', `theta is ${theta.dtype}, expected a floating-point dtype`);
  return affineGridGenerator(theta, size, alignCorners);
};

/** [B, C · factor², H, W] -> [B, C, H · factor, W · factor]. */
export const pixelShuffle = (input: Tensor, factor: number): Tensor => pixelShuffleOp(input, factor);
/** [B, C, H · factor, W · factor] -> [B, C · factor², H, W]. */
export const pixelUnshuffle = (input: Tensor, factor: number): Tensor => pixelUnshuffleOp(input, factor);
