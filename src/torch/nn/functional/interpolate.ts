import type { OperatorArgument } from '../../operators/operatorArguments.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type OperatorPair, operatorPair } from '../layers/operatorLayer.js';
import { checkTensor, functionalError, placeOf, readOptions } from './options.js';

export type InterpolationMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area';

export interface InterpolateOptions {
  /** Size of the result: one number for all axes, or one for each. */
  size?: number | readonly number[] | undefined;
  /** Size of the result as a multiple: one number for all axes, or one for each. Instead of `size`. */
  scaleFactor?: number | readonly number[] | undefined;
  mode?: InterpolationMode | undefined;
  /** Whether the centres of the corner elements coincide, instead of the corners of the whole; not for `nearest`. */
  alignCorners?: boolean | undefined;
  /** Compute the positions by the rounded size of the result instead of by `scaleFactor`. */
  recomputeScaleFactor?: boolean | undefined;
  /** Average over what a smaller result covers; only for `bilinear` and `bicubic`. */
  antialias?: boolean | undefined;
}

const MODES: readonly InterpolationMode[] = [
  'nearest',
  'nearest-exact',
  'linear',
  'bilinear',
  'bicubic',
  'trilinear',
  'area',
];
export const INTERPOLATE_OPTIONS = [
  'size',
  'scaleFactor',
  'mode',
  'alignCorners',
  'recomputeScaleFactor',
  'antialias',
] as const;

const vec = (name: string): OperatorPair => operatorPair(`aten::${name}.vec`);
const perAxes = (make: (axes: number) => OperatorPair): OperatorPair[] => [1, 2, 3].map(make);
const nearest = perAxes((axes) => vec(`upsample_nearest${axes}d`));
const nearestExact = perAxes((axes) => vec(`_upsample_nearest_exact${axes}d`));
const area = perAxes((axes) => operatorPair(`aten::adaptive_avg_pool${axes}d`));
/** Modes of one number of axes. */
const smooth: Partial<Record<InterpolationMode, { axes: number; plain: OperatorPair; antialias?: OperatorPair }>> = {
  linear: { axes: 1, plain: vec('upsample_linear1d') },
  bilinear: { axes: 2, plain: vec('upsample_bilinear2d'), antialias: vec('_upsample_bilinear2d_aa') },
  bicubic: { axes: 2, plain: vec('upsample_bicubic2d'), antialias: vec('_upsample_bicubic2d_aa') },
  trilinear: { axes: 3, plain: vec('upsample_trilinear3d') },
};

const MOST = 2 ** 31 - 1;

/** Returns one number for each axis. */
const perAxis = (
  name: string,
  option: string,
  given: number | readonly number[],
  axes: number,
  isRight: (value: number) => boolean,
  expected: string,
): number[] => {
  const values =
    typeof given === 'number' ? new Array<number>(axes).fill(given) : Array.isArray(given) ? [...given] : [];
  if (values.length !== axes || !values.every(isRight))
    throw functionalError(
      name,
      `${option} is ${Array.isArray(given) ? `[${given}]` : typeof given === 'number' ? given : typeof given}, ` +
        `expected ${expected}, or a list of ${axes}`,
    );
  return values;
};

/**
 * Chooses the operator of an interpolation and its arguments.
 * @throws NoduleTrainError `torch` if the options do not fit each other or the input
 */
export function planInterpolation(
  name: string,
  input: Tensor,
  options: InterpolateOptions,
): readonly [OperatorPair, OperatorArgument[]] {
  const {
    size,
    scaleFactor,
    mode = 'nearest',
    alignCorners,
    recomputeScaleFactor = false,
    antialias = false,
  } = options;
  placeOf(name, 'mode', mode, MODES);
  const axes = checkTensor(name, 'the input', input).dim - 2;
  if (axes < 1 || axes > 3)
    throw functionalError(name, `the input is of shape [${input.shape}], expected [B, channels] and one to three axes`);
  const kind = smooth[mode];
  if (kind !== undefined && kind.axes !== axes)
    throw functionalError(
      name,
      `the input is of shape [${input.shape}], expected ${kind.axes + 2} dimensions for mode '${mode}'`,
    );
  if (kind === undefined && alignCorners !== undefined)
    throw functionalError(
      name,
      `alignCorners is given with mode '${mode}', expected it only with 'linear', 'bilinear', 'bicubic', 'trilinear'`,
    );
  if (antialias && kind?.antialias === undefined)
    throw functionalError(name, `antialias is given with mode '${mode}', expected it only with 'bilinear', 'bicubic'`);
  if ((size == null) === (scaleFactor == null))
    throw functionalError(
      name,
      `found ${size == null ? 'neither' : 'both'} size and scaleFactor, expected one of them`,
    );
  if (recomputeScaleFactor && size != null)
    throw functionalError(name, 'recomputeScaleFactor is given with size, expected it only with scaleFactor');

  let outputSize: number[] | null = null;
  let factors: number[] | null = null;
  if (size != null)
    outputSize = perAxis(
      name,
      'size',
      size,
      axes,
      (value) => Number.isInteger(value) && value > 0 && value <= MOST,
      'a positive integer',
    );
  else {
    factors = perAxis(
      name,
      'scaleFactor',
      scaleFactor!,
      axes,
      (value) => Number.isFinite(value) && value > 0,
      'a positive number',
    );
    if (recomputeScaleFactor || mode === 'area') {
      outputSize = factors.map((factor, i) => Math.floor(input.shape[i + 2]! * factor));
      factors = null;
    }
  }
  if (mode === 'area') return [area[axes - 1]!, [input, outputSize]];
  if (kind === undefined)
    return [(mode === 'nearest' ? nearest : nearestExact)[axes - 1]!, [input, outputSize, factors]];
  const operator = antialias ? kind.antialias! : kind.plain;
  return [operator, [input, outputSize, alignCorners ?? false, factors]];
}

/**
 * Resizes the axes after [B, channels], as PyTorch's `interpolate`.
 * @param input [B, channels, ...sizes] with one to three axes; `linear` takes one, `bilinear` and `bicubic` two,
 *   `trilinear` three
 * @throws NoduleTrainError `torch`
 */
export const interpolate = (input: Tensor, options: InterpolateOptions): Tensor => {
  const [operator, args] = planInterpolation(
    'interpolate',
    input,
    readOptions('interpolate', options, INTERPOLATE_OPTIONS),
  );
  return operator.now(...args);
};
