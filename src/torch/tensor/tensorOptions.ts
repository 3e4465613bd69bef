import { NoduleTrainError } from '../../runtime/index.js';
import { shown } from '../shown.js';
import { type Device, type DType, dtypes, isDType } from './dtype.js';
import type { Tensor } from './tensor.js';
import { isTensor } from './tensorHandle.js';

/** Options of the functions that make tensors. */
export interface TensorOptions<D extends DType = DType> {
  dtype?: D | undefined;
  device?: Device | undefined;
  requiresGrad?: boolean | undefined;
}

/** libtorch's limit. */
const MOST_DIMENSIONS = 64;

const NAMES = ['dtype', 'device', 'requiresGrad'];

/**
 * Reads each option once. Refuses those that do not exist, such as `requires_grad`.
 * @param what the call, for errors
 * @throws NoduleTrainError `tensor-options`
 */
export function readOptions<D extends DType>(what: string, options: TensorOptions<D> | undefined): TensorOptions<D> {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null || Array.isArray(options) || isTensor(options))
    throw new NoduleTrainError(
      'tensor-options',
      `${what}: found ${Array.isArray(options) ? 'an array' : options === null ? 'null' : `a ${typeof options}`} as ` +
        'the last argument, expected options { dtype, device, requiresGrad }',
    );
  for (const name in options)
    if (!NAMES.includes(name))
      throw new NoduleTrainError('tensor-options', `${what}: found the option ${name}, expected ${NAMES.join(', ')}`);
  const { dtype, device, requiresGrad } = options;
  if (dtype !== undefined && !isDType(dtype))
    throw new NoduleTrainError('tensor-options', `${what}: dtype is ${shown(dtype)}, expected ${dtypes.join(', ')}`);
  if (requiresGrad !== undefined && typeof requiresGrad !== 'boolean')
    throw new NoduleTrainError(
      'tensor-options',
      `${what}: requiresGrad is a ${typeof requiresGrad}, expected true or false`,
    );
  return { dtype, device, requiresGrad };
}

/** Lets a new tensor require a gradient, if the options say so. */
export function withGrad<T extends Tensor>(made: T, options: TensorOptions): T {
  if (options.requiresGrad === true) made.requiresGrad = true;
  return made;
}

/** Copies a shape, so that a getter or a proxy is read once, and checks it. @throws NoduleTrainError `shape` */
export function checkShape(what: string, given: unknown): number[] {
  if (!Array.isArray(given))
    throw new NoduleTrainError(
      'shape',
      `${what}: the shape is ${given === null ? 'null' : `a ${typeof given}`}, expected an array of integers`,
    );
  const { length } = given;
  if (!(length <= MOST_DIMENSIONS))
    throw new NoduleTrainError(
      'shape',
      `${what}: the shape has ${String(length)} dimensions, expected at most ${MOST_DIMENSIONS}`,
    );
  const shape: number[] = Array.from({ length }, (_, dim) => given[dim]);
  const wrong = shape.findIndex((size) => !Number.isSafeInteger(size) || size < 0);
  if (wrong >= 0)
    throw new NoduleTrainError(
      'shape',
      `${what}: dimension ${wrong} of the shape [${shape.map(shown)}] is ${shown(shape[wrong])}, ` +
        'expected a non-negative integer',
    );
  return shape;
}
