import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import { lazyOp } from '../operators/operators.js';
import { type IndexItem, type IndexList, Slice } from './indexItem.js';
import { readNested } from './readNested.js';
import type { Tensor } from './tensor.js';
import { fromSlot, isTensor } from './tensorHandle.js';

const select = lazyOp('aten::select');
const slice = lazyOp('aten::slice');
const flip = lazyOp('aten::flip');
const unsqueeze = lazyOp('aten::unsqueeze');
const expand = lazyOp('aten::expand');
const full = lazyOp('aten::full');
const copyInPlace = lazyOp('aten::copy_');
const fillInPlace = lazyOp('aten::fill_');
const indexByTensors = lazyOp('aten::index');
const putByTensors = lazyOp('aten::index_put_');

const refuse = (place: number, found: string, expected: string, advice = ''): never => {
  throw new NoduleTrainError('index', `index(): item ${place} is ${found}, expected ${expected}${advice}`);
};

const WANTED = "a number, slice(start, end, step), ':', '...', null, a list of positions or booleans, or a Tensor";

const described = (item: unknown): string => {
  if (typeof item === 'string') return `'${item}'`;
  return item === undefined ? 'undefined' : typeof item === 'object' ? 'an object' : `a ${typeof item}`;
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

/** A view of the positions of a range in ascending order. */
const forwards = (tensor: Tensor, dim: number, { start, end, step }: Slice): Tensor => {
  const { first, count } = rangeOf(tensor.shape[dim] as number, start, end, step);
  if (step > 0) return slice(tensor, dim, first, first + count * step, step);
  const lowest = first + (count - 1) * step;
  return slice(tensor, dim, count === 0 ? 0 : lowest, count === 0 ? 0 : first + 1, -step);
};

const isMask = (tensor: Tensor): boolean => tensor.dtype === 'bool' || tensor.dtype === 'uint8';

/** Makes the index of a list of positions or booleans. */
const listTensor = (given: IndexList, place: number): Tensor => {
  // A range of old, [2, null]. Copied, as a proxy may give other items at each read.
  const list: readonly unknown[] = given.length > 3 ? given : Array.from<unknown>(given);
  if (list.length <= 3 && (list.includes(null) || list.includes(undefined)))
    refuse(place, 'an array with null', 'a list of positions', '. A range is slice(start, end, step).');
  const { values, shape } = readNested(list, 'index()');
  const kind = typeof (values[0] ?? 0);
  const odd = values.find((value) => (typeof value === 'boolean') !== (kind === 'boolean'));
  if (odd !== undefined) refuse(place, 'a list of positions and booleans', 'one of them');
  if (kind === 'boolean')
    return fromSlot(native().fromData(Uint8Array.from(values as number[], Number), 'bool', shape));
  const wrong = values.find((value) =>
    typeof value === 'bigint' ? value !== BigInt.asIntN(64, value) : !Number.isSafeInteger(value),
  );
  if (wrong !== undefined) refuse(place, `a list with ${wrong}`, 'a list of integers');
  return fromSlot(native().fromData(BigInt64Array.from(values as number[], BigInt), 'int64', shape));
};

/** An item whose lists are tensors; those made here are added to `made`, to be freed. */
const resolved = (item: IndexItem, place: number, made: Tensor[]): Exclude<IndexItem, IndexList | bigint> => {
  if (typeof item === 'number' || item === null || typeof item === 'boolean' || isTensor(item)) return item;
  if (typeof item === 'bigint') return Number(item);
  if (item === ':' || item === '...' || item instanceof Slice) return item;
  let tensor: Tensor;
  if (Array.isArray(item)) tensor = listTensor(item, place);
  else if (types.isInt32Array(item)) tensor = fromSlot(native().fromData(item, 'int32', [item.length]));
  else if (types.isBigInt64Array(item)) tensor = fromSlot(native().fromData(item, 'int64', [item.length]));
  else return refuse(place, described(item), WANTED);
  made.push(tensor);
  return tensor;
};

/** Number of dimensions that an item indexes, for '...' none. */
const consumed = (item: Exclude<IndexItem, IndexList | bigint>): number => {
  if (item === null || item === '...' || typeof item === 'boolean') return 0;
  return isTensor(item) && isMask(item) ? item.dim : 1;
};

const checkPosition = (item: number, size: number, place: number): void => {
  if (!Number.isSafeInteger(item) || item < -size || item >= size)
    refuse(place, `${item}`, `an integer from ${-size} to ${size - 1} for a dimension of size ${size}`);
};

interface Indexed {
  /** View of the tensor by positions, ranges and new dimensions; the tensor itself if there are none. */
  view: Tensor;
  /** Dimensions of the view that a range with a negative step reverses. */
  flipped: number[];
  /** Index tensors by dimension of the view (masks: by their first), null for the others; empty without tensors. */
  tensors: (Tensor | null)[];
}

/** Applies what gives a view, and calls `use` with it; frees everything made on the way, unless `use` returns it. */
function withView<T>(tensor: Tensor, items: readonly IndexItem[], use: (indexed: Indexed) => T): T {
  const made: Tensor[] = [];
  let result: T | undefined;
  try {
    const parts = items.map((item, place) => resolved(item, place, made));
    const dims = parts.reduce<number>((total, item) => total + consumed(item), 0);
    if (dims > tensor.dim)
      throw new NoduleTrainError(
        'index',
        `index(): found items for ${dims} dimensions, the tensor of shape [${tensor.shape.join(', ')}] has ${tensor.dim}`,
      );
    if (parts.indexOf('...') !== parts.lastIndexOf('...'))
      refuse(parts.lastIndexOf('...'), "a second '...'", 'at most one');
    let view = tensor;
    const step = (next: Tensor): void => {
      made.push(next);
      view = next;
    };
    const tensors: (Tensor | null)[] = [];
    const flipped: number[] = [];
    let dim = 0;
    const indexBy = (index: Tensor | null, count: number): void => {
      tensors.push(index);
      dim += count;
    };
    for (const [place, item] of parts.entries()) {
      if (typeof item === 'number') {
        checkPosition(item, view.shape[dim] as number, place);
        step(select(view, dim, item));
      } else if (item === ':') indexBy(null, 1);
      else if (item === '...') for (let left = tensor.dim - dims; left > 0; left--) indexBy(null, 1);
      else if (item === null) {
        step(unsqueeze(view, dim));
        indexBy(null, 1);
      } else if (item instanceof Slice) {
        step(forwards(view, dim, item));
        if (item.step < 0) flipped.push(dim);
        indexBy(null, 1);
      } else if (typeof item === 'boolean' || (isMask(item as Tensor) && (item as Tensor).dim === 0)) {
        // As in Python, a single boolean is a new dimension that keeps all or nothing.
        const keeps = typeof item === 'boolean' ? item : Boolean((item as Tensor).item());
        step(unsqueeze(view, dim));
        const rows = fromSlot(native().fromData(new BigInt64Array(keeps ? 1 : 0), 'int64', [keeps ? 1 : 0]));
        made.push(rows);
        indexBy(rows, 1);
      } else {
        const index = item as Tensor;
        if (!isMask(index) && index.dtype !== 'int64' && index.dtype !== 'int32')
          refuse(
            place,
            `a Tensor of ${index.dtype}`,
            'int64, int32 or bool',
            ". Give positions as a list, or convert them with to('int64').",
          );
        if (index.dim === 0) {
          const position = Number(index.item());
          checkPosition(position, view.shape[dim] as number, place);
          step(select(view, dim, position));
        } else indexBy(index, isMask(index) ? index.dim : 1);
      }
    }
    result = use({ view, flipped, tensors: tensors.some(isTensor) ? tensors : [] });
    return result;
  } finally {
    for (const part of made) if (part !== result) part.dispose();
  }
}

/** The most frequent indices, positions and ranges or one Tensor, with less to prepare; undefined for others. */
const quickly = (tensor: Tensor, items: readonly IndexItem[]): Tensor | undefined => {
  const count = items.length;
  const { shape } = tensor;
  if (count === 0 || count > shape.length) return undefined;
  const first = items[0] as IndexItem;
  if (count === 1 && isTensor(first)) {
    const { dtype } = first;
    const dims = first.dim;
    const isQuick = dims > 0 && (dtype === 'int64' || (dtype === 'bool' && dims <= shape.length));
    return isQuick ? indexByTensors(tensor, [first]) : undefined;
  }
  for (let place = 0; place < count; place++) {
    const item = items[place];
    if (typeof item === 'number') {
      const size = shape[place] as number;
      if (!(Number.isInteger(item) && item >= -size && item < size)) return undefined;
    } else if (!(item instanceof Slice) || item.step < 0) return undefined;
  }
  let view = tensor;
  let dim = 0;
  for (let place = 0; place < count; place++) {
    const item = items[place] as number | Slice;
    const next = typeof item === 'number' ? select(view, dim, item) : forwards(view, dim++, item);
    if (view !== tensor) view.dispose();
    view = next;
  }
  return view;
};

const reversed = (tensor: Tensor, dims: readonly number[]): Tensor => (dims.length === 0 ? tensor : flip(tensor, dims));

/**
 * Indexes the leading dimensions with one item each, as `x[1, 2:5, :]` in Python. Positions and ranges with a positive
 * step return a view, ranges with a negative step, lists and tensors a copy. Several lists or tensors are broadcast
 * together, as in Python: `x.index(rows, columns)` has one element for each pair.
 * @throws NoduleTrainError `index` if an item is not an index or out of range
 */
export function indexTensor(tensor: Tensor, items: readonly IndexItem[]): Tensor {
  const quick = quickly(tensor, items);
  if (quick !== undefined) return quick;
  return withView(tensor, items, ({ view, flipped, tensors }) => {
    // libtorch has no negative strides, so a reversed range is a copy.
    const ordered = reversed(view, flipped);
    if (tensors.length === 0) return ordered === tensor ? slice(tensor, 0) : ordered;
    const found = indexByTensors(ordered, tensors);
    if (ordered !== view) ordered.dispose();
    return found;
  });
}

const isScalar = (value: unknown): value is number | bigint | boolean =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';

/** Drops leading dimensions of size 1 that the target lacks, reverses, and calls `write` with the result. */
const writeValue = (
  value: Tensor,
  target: readonly number[],
  flipped: readonly number[],
  write: (value: Tensor) => void,
): void => {
  const made: Tensor[] = [];
  let given = value;
  const step = (next: Tensor): void => {
    made.push(next);
    given = next;
  };
  try {
    while (given.dim > target.length && given.shape[0] === 1) step(select(given, 0, 0));
    if (flipped.length > 0) {
      step(expand(given, target));
      step(flip(given, flipped));
    }
    write(given);
  } finally {
    for (const part of made) part.dispose();
  }
};

/**
 * Writes to the elements that `index(...items)` gives, as `x[1, 2:5] = value` in Python.
 * @param value broadcast to their shape
 * @throws NoduleTrainError `index` if an item is not an index or out of range, `torch` if the value does not fit
 */
export function setIndex(tensor: Tensor, items: readonly IndexItem[], value: Tensor | number | bigint | boolean): void {
  if (!isTensor(value) && !isScalar(value))
    throw new NoduleTrainError(
      'index',
      `setIndex(): the value is ${value === null ? 'null' : `a ${typeof value}`}, expected a Tensor, number, bigint or boolean`,
    );
  if (!Array.isArray(items))
    throw new NoduleTrainError('index', 'setIndex(): the first argument is not an array, expected a list of items');
  withView(tensor, items, ({ view, flipped, tensors }) => {
    if (tensors.length === 0) {
      if (isScalar(value)) fillInPlace(view, value);
      else writeValue(value, view.shape, flipped, (given) => copyInPlace(view, given));
      return;
    }
    if (flipped.length > 0)
      throw new NoduleTrainError(
        'index',
        'setIndex(): found a range with a negative step beside a list or Tensor, expected a positive step',
      );
    if (isTensor(value)) {
      putByTensors(view, tensors, value);
      return;
    }
    const scalar = full([], value, { dtype: tensor.dtype, device: tensor.device });
    putByTensors(view, tensors, scalar);
    scalar.dispose();
  });
}
