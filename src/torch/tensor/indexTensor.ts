import { NoduleTrainError } from '../../runtime/index.js';
import { lazyOp } from '../operators/operators.js';
import type { Tensor } from './tensor.js';
import { isTensor } from './tensorHandle.js';

/**
 * An index of one dimension: a position; a range [start, end, step] (null: to the edge); null for the whole dimension;
 * a tensor of positions, or of booleans (which indexes as many dimensions as it has).
 */
export type IndexItem =
  | number
  | readonly [start: number | null, end: number | null, step?: number | null]
  | null
  | Tensor;

const select = lazyOp('aten::select');
const slice = lazyOp('aten::slice');
const flip = lazyOp('aten::flip');
const indexByTensors = lazyOp('aten::index');

const refuse = (place: number, found: string, expected: string): never => {
  throw new NoduleTrainError('index', `index(): item ${place} is ${found}, expected ${expected}`);
};

const whole = (value: number | null | undefined, place: number, what: string): number | null => {
  if (value === null || value === undefined) return null;
  if (!Number.isSafeInteger(value)) refuse(place, `a range with the ${what} ${value}`, 'an integer or null');
  return value;
};

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/**
 * First position and count of a range, by NumPy's rules: positions outside are clamped, negative ones count from the
 * end.
 */
export const rangeOf = (
  size: number,
  start: number | null,
  end: number | null,
  step: number,
): { first: number; count: number } => {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const placed = (value: number | null, edge: number): number =>
    value === null ? edge : clamp(value < 0 ? value + size : value, low, high);
  const first = placed(start, step > 0 ? low : high);
  const last = placed(end, step > 0 ? high : low);
  return { first, count: Math.max(0, Math.ceil((last - first) / step)) };
};

const ranged = (
  tensor: Tensor,
  dim: number,
  item: Exclude<IndexItem, number | null | Tensor>,
  place: number,
): Tensor => {
  if (!Array.isArray(item) || item.length > 3)
    refuse(place, String(item), 'a number, [start, end, step], null or a Tensor');
  const step = whole(item[2], place, 'step') ?? 1;
  if (step === 0) refuse(place, 'a range with the step 0', 'a step other than 0');
  const size = tensor.shape[dim] as number;
  const { first, count } = rangeOf(size, whole(item[0], place, 'start'), whole(item[1], place, 'end'), step);
  if (step > 0) return slice(tensor, dim, first, first + count * step, step);
  // libtorch has no negative strides, so a reversed range is a copy.
  const lowest = first + (count - 1) * step;
  const forwards = slice(tensor, dim, count === 0 ? 0 : lowest, count === 0 ? 0 : first + 1, -step);
  const backwards = flip(forwards, [dim]);
  forwards.dispose();
  return backwards;
};

const consumed = (item: IndexItem): number => (isTensor(item) && item.dtype === 'bool' ? item.dim : 1);

/**
 * Indexes the leading dimensions with one item each, as `x[1, 2:5, :]` in Python. Positions and ranges with a positive
 * step return a view, ranges with a negative step and tensors a copy. Several tensors are broadcast together, as in
 * Python: `x.index(rows, columns)` has one element for each pair.
 * @throws NoduleTrainError `index` if an item is not an index or out of range
 */
export function indexTensor(tensor: Tensor, items: readonly IndexItem[]): Tensor {
  const dims = items.reduce<number>((total, item) => total + consumed(item), 0);
  if (dims > tensor.dim)
    throw new NoduleTrainError(
      'index',
      `index(): found items for ${dims} dimensions, the tensor of shape [${tensor.shape.join(', ')}] has ${tensor.dim}`,
    );
  const passed: Tensor[] = [];
  let result = tensor;
  const step = (next: Tensor): void => {
    if (result !== tensor) passed.push(result);
    result = next;
  };
  const tensors: (Tensor | null)[] = [];
  let dim = 0;
  try {
    for (const [place, item] of items.entries()) {
      if (typeof item === 'number') {
        const size = result.shape[dim] as number;
        if (!Number.isSafeInteger(item) || item < -size || item >= size)
          refuse(place, `${item}`, `an integer from ${-size} to ${size - 1} for a dimension of size ${size}`);
        step(select(result, dim, item));
        continue;
      }
      if (isTensor(item)) tensors.push(item);
      else {
        tensors.push(null);
        if (item !== null && item !== undefined) step(ranged(result, dim, item, place));
      }
      dim += consumed(item);
    }
    if (tensors.some(isTensor)) step(indexByTensors(result, tensors));
    return result === tensor ? slice(tensor, 0) : result;
  } finally {
    for (const part of passed) part.dispose();
  }
}
