import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import { lazyOp } from '../operators/operators.js';
import { type Device, type DType, dtypeOfTypedArray, type TypedArray } from './dtype.js';
import { fromSlot, type Tensor } from './tensor.js';

export interface TensorOptions {
  dtype?: DType;
  device?: Device;
  requiresGrad?: boolean;
}

type Nested = number | bigint | boolean | readonly Nested[];

const makeZeros = lazyOp('aten::zeros');
const makeOnes = lazyOp('aten::ones');
const makeFull = lazyOp('aten::full');
const makeArange = lazyOp('aten::arange.start_step');
const makeLinspace = lazyOp('aten::linspace');
const makeRand = lazyOp('aten::rand');
const makeRandn = lazyOp('aten::randn');

const withGrad = (made: Tensor, options: TensorOptions): Tensor => {
  if (options.requiresGrad === true) made.requiresGrad = true;
  return made;
};

/** Copies a shape, so that a getter or a proxy is read once, and checks it. @throws NoduleTrainError `shape` */
const checkShape = (what: string, given: readonly number[]): number[] => {
  if (!Array.isArray(given))
    throw new NoduleTrainError('shape', `${what}: the shape is a ${typeof given}, expected an array of integers`);
  const shape = Array.from(given);
  const wrong = shape.findIndex((size) => !Number.isSafeInteger(size) || size < 0);
  if (wrong >= 0)
    throw new NoduleTrainError(
      'shape',
      `${what}: dimension ${wrong} of the shape [${shape}] is ${shape[wrong]}, expected a non-negative integer`,
    );
  return shape;
};

const moved = (made: Tensor, options: TensorOptions, dtype: DType): Tensor => {
  let tensor = made;
  if (options.dtype !== undefined && options.dtype !== dtype) {
    tensor = made.to(options.dtype);
    made.dispose();
  }
  if (options.device !== undefined && options.device !== 'cpu') {
    const there = tensor.to(options.device);
    tensor.dispose();
    tensor = there;
  }
  return withGrad(tensor, options);
};

/**
 * Copies a typed array into a tensor of the same type (Float32Array → float32 …).
 * @param shape product equal to the array's length; default: one dimension
 * @throws NoduleTrainError `shape`, `dtype`
 */
export function fromData(
  data: TypedArray,
  shape: readonly number[] = [data.length],
  options: TensorOptions = {},
): Tensor {
  const sizes = checkShape('fromData', shape);
  const numel = sizes.reduce((product, size) => product * size, 1);
  if (numel !== data.length)
    throw new NoduleTrainError(
      'shape',
      `fromData: found ${data.length} values, expected ${numel} for the shape [${sizes}]`,
    );
  // uint8 values may be taken as bool: the bytes are the same.
  const dtype = options.dtype === 'bool' && types.isUint8Array(data) ? 'bool' : dtypeOfTypedArray(data);
  return moved(fromSlot(native().fromData(data, dtype, sizes)), options, dtype);
}

/** libtorch's limit. */
const MOST_DIMENSIONS = 64;

const shapeOf = (value: Nested): number[] => {
  const shape: number[] = [];
  let inner: Nested | undefined = value;
  while (Array.isArray(inner)) {
    // An array that contains itself is nested without end.
    if (shape.length === MOST_DIMENSIONS)
      throw new NoduleTrainError(
        'shape',
        `tensor: found arrays nested more than ${MOST_DIMENSIONS} deep, expected at most that many dimensions. ` +
          'Does an array contain itself?',
      );
    shape.push(inner.length);
    inner = inner[0] as Nested | undefined;
  }
  return shape;
};

const flattenInto = (
  value: Nested,
  shape: readonly number[],
  depth: number,
  flat: (number | bigint | boolean)[],
): void => {
  if (Array.isArray(value)) {
    if (value.length !== shape[depth])
      throw new NoduleTrainError(
        'shape',
        `tensor: an array at depth ${depth} has ${value.length} elements, ` +
          `expected ${shape[depth] ?? 'a number'} as in the others`,
      );
    for (const item of value) flattenInto(item, shape, depth + 1, flat);
    return;
  }
  if (depth !== shape.length || !['number', 'bigint', 'boolean'].includes(typeof value))
    throw new NoduleTrainError(
      'shape',
      `tensor: found ${value === null ? 'null' : typeof value} at depth ${depth}, ` +
        'expected numbers in arrays of equal length',
    );
  flat.push(value as number | bigint | boolean);
};

/**
 * Makes a tensor from nested arrays or a typed array. Numbers make float32 (integers too), booleans bool, bigints
 * int64; `dtype` overrides.
 * @throws NoduleTrainError `shape`, `dtype`
 */
export function tensor(values: Nested | TypedArray, options: TensorOptions = {}): Tensor {
  if (ArrayBuffer.isView(values)) return fromData(values as TypedArray, [(values as TypedArray).length], options);
  const shape = shapeOf(values as Nested);
  const flat: (number | bigint | boolean)[] = [];
  flattenInto(values as Nested, shape, 0, flat);
  const kind = typeof (flat[0] ?? 0);
  const mixed = flat.findIndex((value) => typeof value !== kind);
  if (mixed >= 0)
    throw new NoduleTrainError(
      'dtype',
      `tensor: element ${mixed} is a ${typeof flat[mixed]}, expected a ${kind} as the first`,
    );
  if (kind === 'bigint') {
    const made = fromSlot(native().fromData(BigInt64Array.from(flat as bigint[]), 'int64', shape));
    return moved(made, options, 'int64');
  }
  if (kind === 'boolean') {
    const made = fromSlot(native().fromData(Uint8Array.from(flat as unknown as number[], Number), 'bool', shape));
    return moved(made, options, 'bool');
  }
  // Through float64 if the requested dtype may hold more than float32.
  const wide = options.dtype !== undefined && options.dtype !== 'float32';
  const data = wide ? Float64Array.from(flat as number[]) : Float32Array.from(flat as number[]);
  const dtype = wide ? 'float64' : 'float32';
  return moved(fromSlot(native().fromData(data, dtype, shape)), options, dtype);
}

const factory = (options: TensorOptions) => ({ dtype: options.dtype ?? 'float32', device: options.device ?? 'cpu' });

/** Makes a tensor of zeros. @throws NoduleTrainError `shape` */
export function zeros(shape: readonly number[], options: TensorOptions = {}): Tensor {
  const sizes = checkShape('zeros', shape);
  return withGrad(makeZeros(sizes, factory(options)), options);
}

/** Makes a tensor of ones. @throws NoduleTrainError `shape` */
export function ones(shape: readonly number[], options: TensorOptions = {}): Tensor {
  const sizes = checkShape('ones', shape);
  return withGrad(makeOnes(sizes, factory(options)), options);
}

/**
 * Makes a tensor filled with `value`; its default dtype is float32, or bool for a boolean.
 * @throws NoduleTrainError `shape`
 */
export function full(shape: readonly number[], value: number | boolean, options: TensorOptions = {}): Tensor {
  const sizes = checkShape('full', shape);
  const dtype = options.dtype ?? (typeof value === 'boolean' ? 'bool' : 'float32');
  return withGrad(makeFull(sizes, value, { dtype, device: options.device ?? 'cpu' }), options);
}

/** Makes [start, start + step, …], all below `end`. */
export function arange(start: number, end: number, step = 1, options: TensorOptions = {}): Tensor {
  return withGrad(makeArange(start, end, step, factory(options)), options);
}

/** Makes `steps` evenly spaced values from `start` to `end`, both included. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  return withGrad(makeLinspace(start, end, steps, factory(options)), options);
}

/** Makes uniform random numbers in [0, 1) from libtorch's generator (`manualSeed`). @throws NoduleTrainError `shape` */
export function rand(shape: readonly number[], options: TensorOptions = {}): Tensor {
  const sizes = checkShape('rand', shape);
  return withGrad(makeRand(sizes, factory(options)), options);
}

/** Makes standard normal random numbers from libtorch's generator (`manualSeed`). @throws NoduleTrainError `shape` */
export function randn(shape: readonly number[], options: TensorOptions = {}): Tensor {
  const sizes = checkShape('randn', shape);
  return withGrad(makeRandn(sizes, factory(options)), options);
}
