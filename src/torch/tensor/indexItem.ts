import { NoduleTrainError } from '../../runtime/index.js';
import type { Tensor } from './tensor.js';

/** An edge or the step of a range; null and undefined: to the end of the dimension, step 1. */
export type Edge = number | null | undefined;

/** Positions start, start + step, … before end. Made by `slice()`. */
export class Slice {
  readonly start: number | null;
  readonly end: number | null;
  readonly step: number;

  constructor(start: number | null, end: number | null, step: number) {
    this.start = start;
    this.end = end;
    this.step = step;
    Object.freeze(this);
  }
}

/** Lists of positions, or of booleans, nested as the dimensions of the index. */
export type IndexList = readonly (number | bigint)[] | readonly boolean[] | readonly IndexList[];

/**
 * One item of an index, as in Python:
 * - a position; negative ones count from the end
 * - `slice(2, 5)` for `2:5`
 * - `':'` for the whole dimension, `'...'` (`ellipsis`) for all dimensions that the other items leave
 * - null (`newaxis`) for a new dimension of size 1
 * - a list of positions for those rows, a list of booleans for a mask; also as a Tensor, Int32Array or BigInt64Array
 */
export type IndexItem =
  | number
  | bigint
  | boolean
  | null
  | ':'
  | '...'
  | Slice
  | IndexList
  | Int32Array
  | BigInt64Array
  | Tensor;

/** Item of `index()` for a new dimension of size 1, as `None` and `torch.newaxis` in Python. */
export const newaxis = null;

/** Item of `index()` for all dimensions that the other items leave, as `...` in Python. */
export const ellipsis = '...';

const wholeEdge = (value: Edge, what: string): number | null => {
  if (value === null || value === undefined) return null;
  if (!Number.isSafeInteger(value))
    throw new NoduleTrainError(
      'index',
      `slice(): the ${what} is ${typeof value === 'number' ? value : `a ${typeof value}`}, expected an integer or null`,
    );
  // -0 is 0
  return value + 0;
};

/** Python's `slice`: a range of positions, as an item of `index()`. `slice(3)` is `:3`, `slice(2, null)` is `2:`. */
export function slice(): Slice;
export function slice(end: Edge): Slice;
export function slice(start: Edge, end: Edge, step?: Edge): Slice;
export function slice(...args: Edge[]): Slice {
  if (args.length > 3)
    throw new NoduleTrainError('index', `slice(): found ${args.length} arguments, expected start, end and step`);
  const [start, end, step] = args.length === 1 ? [null, args[0], null] : args;
  const by = wholeEdge(step, 'step') ?? 1;
  if (by === 0) throw new NoduleTrainError('index', 'slice(): the step is 0, expected another integer');
  return new Slice(wholeEdge(start, 'start'), wholeEdge(end, 'end'), by);
}
