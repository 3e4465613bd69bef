import { getHeapStatistics } from 'node:v8';
import { NoduleTrainError } from '../../runtime/index.js';
import type { DType, TypedArray } from './dtype.js';

export type NestedArray<Value extends number | boolean = number | boolean> = Value | NestedArray<Value>[];

export type Dims = 0 | 1 | 2 | 3 | 4 | 5;

/** Arrays nested as deep as a tensor has dimensions. */
export type ArrayOfDims<Value, N extends Dims> = {
  0: Value;
  1: Value[];
  2: Value[][];
  3: Value[][][];
  4: Value[][][][];
  5: Value[][][][][];
}[N];

/** @throws NoduleTrainError `torch` unless the shape has as many dimensions, where they are given */
export function checkDims(shape: readonly number[], dims: Dims | undefined, what: string): void {
  if (dims !== undefined && dims !== shape.length)
    throw new NoduleTrainError(
      'torch',
      `${what}(${dims}): the tensor has shape [${shape.join(', ')}], expected ${dims} dimensions`,
    );
}

const CHUNK = 4096;
// Half of the 10 ms a slice may take: pauses of the garbage collector, which moves the young arrays, are added.
const SLICE_MS = 5;

/** Limit of the number of arrays; even an empty one takes 32 bytes. */
const MOST_ARRAYS = 2 ** 25;
/** Limit of the elements of one array: V8 ends the process where an array grows beyond its limit of about 2^27. */
const LONGEST_ROW = 2 ** 26;
/** A number in an array that grew, with the old copy that V8 makes meanwhile. */
const BYTES_OF_NUMBER = 16;
/** Elements up to which the heap is not asked for its room. */
const FEW = 2 ** 22;

/**
 * Checks that nested arrays of a shape fit into an array and the heap of JavaScript, as V8 would end the process. Even
 * arrays without an element take memory.
 * @throws NoduleTrainError `torch`
 */
export function checkArraySize(shape: readonly number[]): void {
  const row = shape[shape.length - 1] ?? 1;
  let product = 1;
  let arrays = 1;
  // Also those above an axis of size 0: [2^31, 0, 3] has 2^31 empty arrays.
  for (const size of shape.slice(0, -1)) {
    product *= size;
    arrays = Math.max(arrays, product);
  }
  const fail = (found: string): NoduleTrainError =>
    new NoduleTrainError(
      'torch',
      `toArray(): shape [${shape.join(', ')}] ${found}. Use data(), which returns one typed array.`,
    );
  if (arrays > MOST_ARRAYS) throw fail(`needs ${arrays} arrays, expected at most ${MOST_ARRAYS}`);
  if (row > LONGEST_ROW) throw fail(`has rows of ${row} elements, expected at most ${LONGEST_ROW}`);
  if (product * row < FEW) return;
  const { heap_size_limit, used_heap_size } = getHeapStatistics();
  const [bytes, room] = [product * row * BYTES_OF_NUMBER, heap_size_limit - used_heap_size];
  if (bytes > room) throw fail(`needs about ${bytes} bytes of JavaScript's heap, of which ${room} are free`);
}

/** Builds the arrays and yields about every CHUNK elements. */
function* build(values: TypedArray, shape: readonly number[], dtype: DType): Generator<void, NestedArray> {
  let position = 0;
  let unpaused = 0;
  const read = (): number | boolean => {
    const value = values[position++] as number | bigint;
    if (dtype === 'bool') return value !== 0;
    if (typeof value !== 'bigint') return value;
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw new NoduleTrainError(
        'torch',
        `toArray(): ${value} is beyond 2^53, which a number cannot hold exactly. Use data(), a BigInt64Array.`,
      );
    return number;
  };
  if (shape.length === 0) return read();
  const rowLength = shape[shape.length - 1]!;
  const fill = (row: NestedArray[], count: number): void => {
    for (let i = 0; i < count; i++) row.push(read());
    // An empty row takes time too.
    unpaused += count + 8;
  };
  function* nest(depth: number): Generator<void, NestedArray> {
    const out: NestedArray[] = [];
    const size = shape[depth]!;
    if (depth < shape.length - 2) {
      for (let i = 0; i < size; i++) out.push(yield* nest(depth + 1));
      return out;
    }
    // No generator per row for the last two dimensions: rows may be short and many.
    const rows = depth === shape.length - 1 ? 1 : size;
    for (let r = 0; r < rows; r++) {
      const row = depth === shape.length - 1 ? out : [];
      let left = rowLength;
      do {
        const count = Math.min(left, CHUNK);
        fill(row, count);
        left -= count;
        if (unpaused >= CHUNK) {
          unpaused = 0;
          yield;
        }
      } while (left > 0);
      if (row !== out) out.push(row);
    }
    return out;
  }
  return yield* nest(0);
}

/**
 * Converts row-major values to nested arrays, or a scalar for a 0-dim shape.
 * @throws NoduleTrainError `torch` beyond 2^53
 */
export function nestedArray(values: TypedArray, shape: readonly number[], dtype: DType): NestedArray {
  const building = build(values, shape, dtype);
  for (;;) {
    const { done, value } = building.next();
    if (done === true) return value;
  }
}

/** Like {@link nestedArray}, but yields to the event loop within 10 ms. */
export async function nestedArrayAsync(
  values: TypedArray,
  shape: readonly number[],
  dtype: DType,
): Promise<NestedArray> {
  const building = build(values, shape, dtype);
  for (;;) {
    const pauseAt = performance.now() + SLICE_MS;
    while (performance.now() < pauseAt) {
      const { done, value } = building.next();
      if (done === true) return value;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
