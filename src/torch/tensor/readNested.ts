import { NoduleTrainError } from '../../runtime/index.js';
import { type TypedArray, typedArrayName } from './dtype.js';
import type { Tensor } from './tensor.js';
import { isTensor } from './tensorHandle.js';

export type Value = number | bigint | boolean;

/** Values of one kind in arrays of equal length. */
export type NestedOf<Kind extends Value> = Kind | readonly NestedOf<Kind>[];

/** Values in arrays of equal length, also of another realm (`vm`, Jest); 0-dim Tensors stand for their value. */
export type Nested = Value | Tensor | TypedArray | readonly Nested[];

/** libtorch's limit. */
const MOST_DIMENSIONS = 64;

const isValue = (value: unknown): value is Value =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';

const described = (value: unknown): string => {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return 'a typed array';
  if (isTensor(value)) return `a Tensor of shape [${value.shape.join(', ')}]`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

/**
 * Reads nested arrays once, in row-major order.
 * @param what the call, for errors
 * @throws NoduleTrainError `shape` unless all arrays of a depth have the same length and hold values at the same depth
 */
export function readNested(given: unknown, what: string): { values: Value[]; shape: number[] } {
  const values: Value[] = [];
  const shape: number[] = [];
  let isDeepest = false;
  const fail = (depth: number, found: string, expected: string): never => {
    throw new NoduleTrainError('shape', `${what}: found ${found} at depth ${depth}, expected ${expected}`);
  };
  const take = (value: Value, depth: number): void => {
    if (depth < shape.length) fail(depth, `a ${typeof value}`, `an array of ${shape[depth]}, as the others`);
    isDeepest = true;
    values.push(value);
  };
  const read = (item: unknown, depth: number): void => {
    if (isValue(item)) {
      take(item, depth);
      return;
    }
    const value = typedArrayName(item) === undefined ? item : Array.from(item as Uint8Array);
    if (!Array.isArray(value)) {
      if (isTensor(value) && value.dim === 0) take(value.item(), depth);
      else fail(depth, described(value), 'numbers in arrays of equal length');
      return;
    }
    const { length } = value;
    // A proxy may give any length.
    if (!Number.isSafeInteger(length) || length < 0) fail(depth, 'an array without a length', 'arrays');
    if (depth === shape.length && !isDeepest) {
      // An array that contains itself is nested without end.
      if (depth === MOST_DIMENSIONS)
        throw new NoduleTrainError(
          'shape',
          `${what}: found arrays nested more than ${MOST_DIMENSIONS} deep, expected at most that many dimensions. ` +
            'Does an array contain itself?',
        );
      shape.push(length);
    } else if (depth >= shape.length) fail(depth, `an array of ${length}`, 'a number, as in the others');
    else if (length !== shape[depth])
      throw new NoduleTrainError(
        'shape',
        `${what}: an array at depth ${depth} has ${length} elements, expected ${shape[depth]} as in the others`,
      );
    for (let i = 0; i < length; i++) read(value[i], depth + 1);
    // The first array that ends settles the depth, also if it is empty.
    isDeepest = true;
  };
  read(given, 0);
  return { values, shape };
}
