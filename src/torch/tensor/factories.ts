import { NoduleTrainError } from '../../runtime/index.js';
import { lazyOp } from '../operators/operators.js';
import type { DType } from './dtype.js';
import { isTensor, type Tensor } from './tensor.js';
import { checkShape, readOptions, type TensorOptions, withGrad } from './tensorOptions.js';

const makeArange = lazyOp('aten::arange.start_step');
const makeLinspace = lazyOp('aten::linspace');
const makeLogspace = lazyOp('aten::logspace');
const makeFull = lazyOp('aten::full');
const makeEye = lazyOp('aten::eye.m');
const makeRandint = lazyOp('aten::randint.low');
const makeRandperm = lazyOp('aten::randperm');

const factory = (options: TensorOptions, dtype: DType = 'float32') => ({
  dtype: options.dtype ?? dtype,
  device: options.device ?? 'cpu',
});

const isOptions = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isTensor(value);

/** Makes a tensor of a shape, given as an array or as one argument for each dimension. */
export interface Factory {
  <D extends DType = 'float32'>(shape: readonly number[], options?: TensorOptions<D>): Tensor<D>;
  <D extends DType = 'float32'>(...shape: [...sizes: number[], options: TensorOptions<D>]): Tensor<D>;
  (size: number, ...sizes: number[]): Tensor<'float32'>;
}

const byShape = (name: string): Factory => {
  const make = lazyOp(`aten::${name}`);
  const made = (...args: unknown[]): Tensor => {
    if (args.length === 1 && Array.isArray(args[0])) return make(checkShape(name, args[0]));
    const isSpread = typeof args[0] === 'number';
    const given = args.length > 1 && (!isSpread || isOptions(args[args.length - 1])) ? args.pop() : undefined;
    if (!isSpread && args.length > 1)
      throw new NoduleTrainError('shape', `${name}: found ${args.length + 1} arguments, expected a shape and options`);
    const sizes = checkShape(name, isSpread ? args : args[0]);
    const options = readOptions(name, given as TensorOptions | undefined);
    return withGrad(make(sizes, factory(options)), options);
  };
  return made as Factory;
};

/** Makes a tensor of zeros: `zeros([2, 3])` or `zeros(2, 3)`. @throws NoduleTrainError `shape`, `tensor-options` */
export const zeros: Factory = byShape('zeros');

/** Makes a tensor of ones: `ones([2, 3])` or `ones(2, 3)`. @throws NoduleTrainError `shape`, `tensor-options` */
export const ones: Factory = byShape('ones');

/**
 * Makes a tensor of any values, to be written to: `empty([2, 3])` or `empty(2, 3)`.
 * @throws NoduleTrainError `shape`, `tensor-options`
 */
export const empty: Factory = byShape('empty');

/**
 * Makes uniform random numbers in [0, 1) from libtorch's generator (`manualSeed`): `rand([2, 3])` or `rand(2, 3)`.
 * @throws NoduleTrainError `shape`, `tensor-options`
 */
export const rand: Factory = byShape('rand');

/**
 * Makes standard normal random numbers from libtorch's generator (`manualSeed`): `randn([2, 3])` or `randn(2, 3)`.
 * @throws NoduleTrainError `shape`, `tensor-options`
 */
export const randn: Factory = byShape('randn');

/**
 * Makes a tensor filled with `value`. Its default dtype is float32, bool for a boolean, and int64 for a bigint.
 * @throws NoduleTrainError `shape`, `tensor-options`, `torch` if the dtype cannot hold the value
 */
export function full<D extends DType = 'float32'>(
  shape: readonly number[],
  value: number,
  options?: TensorOptions<D>,
): Tensor<D>;
export function full<D extends DType = 'bool'>(
  shape: readonly number[],
  value: boolean,
  options?: TensorOptions<D>,
): Tensor<D>;
export function full<D extends DType = 'int64'>(
  shape: readonly number[],
  value: bigint,
  options?: TensorOptions<D>,
): Tensor<D>;
export function full(shape: readonly number[], value: number | boolean | bigint, given?: TensorOptions): Tensor {
  const sizes = checkShape('full', shape);
  const options = readOptions('full', given);
  const byValue = { boolean: 'bool', bigint: 'int64' }[typeof value as string] as DType | undefined;
  return withGrad(makeFull(sizes, value, factory(options, byValue)), options);
}

/** Takes the options off the end of the arguments. */
const split = (
  what: string,
  args: readonly unknown[],
  least: number,
  most: number,
): { numbers: number[]; options: TensorOptions } => {
  const last = args[args.length - 1];
  const hasOptions = isOptions(last) || (args.length > least && last === undefined);
  const numbers = hasOptions ? args.slice(0, -1) : [...args];
  while (numbers.length > least && numbers[numbers.length - 1] === undefined) numbers.pop();
  const wrong = numbers.findIndex((value) => typeof value !== 'number' && typeof value !== 'bigint');
  if (wrong >= 0 || numbers.length < least || numbers.length > most)
    throw new NoduleTrainError(
      'tensor-options',
      `${what}: found ${wrong >= 0 ? `a ${typeof numbers[wrong]} as argument ${wrong + 1}` : `${numbers.length} numbers`}` +
        `, expected ${least === most ? least : `${least} to ${most}`} numbers and options`,
    );
  return { numbers: numbers as number[], options: readOptions(what, hasOptions ? (last as TensorOptions) : undefined) };
};

/**
 * Makes [start, start + step, …], all before `end`: `arange(5)`, `arange(2, 5)` or `arange(0, 1, 0.1)`, with options
 * last. float32, as from all numbers; give `dtype` for integers.
 * @throws NoduleTrainError `tensor-options`, `torch` for a step of 0 or of the wrong sign
 */
export function arange<D extends DType = 'float32'>(end: number, options?: TensorOptions<D>): Tensor<D>;
export function arange<D extends DType = 'float32'>(start: number, end: number, options?: TensorOptions<D>): Tensor<D>;
export function arange<D extends DType = 'float32'>(
  start: number,
  end: number,
  step: number | undefined,
  options?: TensorOptions<D>,
): Tensor<D>;
export function arange(...args: unknown[]): Tensor {
  const { numbers, options } = split('arange', args, 1, 3);
  const [start, end, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers;
  return withGrad(makeArange(start, end, step, factory(options)), options);
}

/** Makes `steps` evenly spaced values from `start` to `end`, both included. */
export function linspace<D extends DType = 'float32'>(
  start: number,
  end: number,
  steps: number,
  options?: TensorOptions<D>,
): Tensor<D>;
export function linspace(start: number, end: number, steps: number, given?: TensorOptions): Tensor {
  const options = readOptions('linspace', given);
  return withGrad(makeLinspace(start, end, steps, factory(options)), options);
}

/** Makes `steps` values from base^start to base^end, evenly spaced on a logarithmic scale; `base` is 10. */
export function logspace<D extends DType = 'float32'>(
  start: number,
  end: number,
  steps: number,
  options?: TensorOptions<D> & { base?: number | undefined },
): Tensor<D>;
export function logspace(
  start: number,
  end: number,
  steps: number,
  given: TensorOptions & { base?: number | undefined } = {},
): Tensor {
  const { base = 10, ...others } = given ?? {};
  const options = readOptions('logspace', given === null ? given : others);
  return withGrad(makeLogspace(start, end, steps, base, factory(options)), options);
}

/**
 * Makes the identity matrix of `rows` × `columns` (default: square).
 * @throws NoduleTrainError `tensor-options`
 */
export function eye<D extends DType = 'float32'>(rows: number, options?: TensorOptions<D>): Tensor<D>;
export function eye<D extends DType = 'float32'>(rows: number, columns: number, options?: TensorOptions<D>): Tensor<D>;
export function eye(...args: unknown[]): Tensor {
  const { numbers, options } = split('eye', args, 1, 2);
  const [rows, columns = rows] = numbers;
  return withGrad(makeEye(rows, columns, factory(options)), options);
}

/**
 * Makes random integers from `low` (0) to `high` - 1, int64 unless `dtype` is given: `randint(10, [2, 3])` or
 * `randint(5, 10, [2, 3])`, from libtorch's generator (`manualSeed`).
 * @throws NoduleTrainError `shape`, `tensor-options`, `torch` for an empty range
 */
export function randint<D extends DType = 'int64'>(
  high: number,
  shape: readonly number[],
  options?: TensorOptions<D>,
): Tensor<D>;
export function randint<D extends DType = 'int64'>(
  low: number,
  high: number,
  shape: readonly number[],
  options?: TensorOptions<D>,
): Tensor<D>;
export function randint(...args: unknown[]): Tensor {
  const place = args.findIndex(Array.isArray);
  if (place !== 1 && place !== 2)
    throw new NoduleTrainError('shape', 'randint: found no shape after the limits, expected high and an array');
  const [low, high] = place === 1 ? [0, args[0] as number] : (args as [number, number]);
  const sizes = checkShape('randint', args[place]);
  const options = readOptions('randint', args[place + 1] as TensorOptions | undefined);
  return withGrad(makeRandint(low, high, sizes, factory(options, 'int64')), options);
}

/** Makes a random order of 0 … count - 1, int64 unless `dtype` is given, from libtorch's generator (`manualSeed`). */
export function randperm<D extends DType = 'int64'>(count: number, options?: TensorOptions<D>): Tensor<D>;
export function randperm(count: number, given?: TensorOptions): Tensor {
  const options = readOptions('randperm', given);
  return withGrad(makeRandperm(count, factory(options, 'int64')), options);
}
