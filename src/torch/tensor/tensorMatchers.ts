import { inspect } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { noGrad } from '../autograd/modes.js';
import { lazyOp } from '../operators/operators.js';
import { scope } from '../scope.js';
import { fromData, tensor } from './create.js';
import { type TypedArray, typedArrayName } from './dtype.js';
import type { Nested } from './readNested.js';
import { type Closeness, isTensor, type Tensor } from './tensor.js';

/** A Tensor, or nested arrays or a typed array, which take the dtype of the tensor that they are compared with. */
export type ExpectedTensor = Tensor | Nested | TypedArray;

/** Result of a matcher of Vitest or Jest. */
export interface MatcherResult {
  pass: boolean;
  message: () => string;
}

/**
 * The matchers of `tensorMatchers`, for the types of the test runner:
 * `declare module 'vitest' { interface Matchers<T> extends TensorMatchers<T> {} }`.
 */
export interface TensorMatchers<Result = unknown> {
  /** Passes for the same shape, dtype and values; NaN equals NaN. */
  toEqualTensor(expected: ExpectedTensor): Result;
  /** Passes for the same shape and dtype and values within the tolerances of `allclose`; NaN equals NaN. */
  toBeCloseToTensor(expected: ExpectedTensor, tolerances?: Omit<Closeness, 'equalNan'>): Result;
}

const closeValues = lazyOp('aten::isclose');
const equalValues = lazyOp('aten::eq');
const notANumber = lazyOp('aten::isnan');
const both = lazyOp('aten::logical_and');
const either = lazyOp('aten::logical_or');

const asTensor = (expected: ExpectedTensor, like: Tensor): Tensor => {
  if (isTensor(expected)) return expected;
  const options = { dtype: like.dtype };
  if (typedArrayName(expected) !== undefined) return fromData(expected as TypedArray, like.shape, options);
  return tensor(expected as Nested, options);
};

const summary = (value: Tensor): string => `${value.dtype} [${value.shape.join(', ')}] on ${value.device}`;

/** What keeps two tensors from being compared, or null. */
const difference = (received: Tensor, expected: Tensor): string | null => {
  const isSame =
    received.dtype === expected.dtype &&
    received.device === expected.device &&
    received.shape.length === expected.shape.length &&
    received.shape.every((size, dim) => size === expected.shape[dim]);
  return isSame ? null : `received ${summary(received)}, expected ${summary(expected)}`;
};

/** The first place where a mask is false, with the number of these places. */
const firstFault = (same: Tensor, received: Tensor, expected: Tensor): string | null => {
  const wrong = same.logicalNot().nonzero();
  const count = wrong.shape[0] as number;
  if (count === 0) return null;
  const place = wrong.select(0, 0).toArray(1);
  const at = (from: Tensor): string => {
    const one = place.reduce<Tensor>((part, position) => part.select(0, position), from.detach());
    return inspect(one).replace(/^Tensor\([^)]*\) /, '');
  };
  const text = place.length === 0 ? '' : ` at [${place.join(', ')}]`;
  return (
    `${count} of ${received.numel} values differ, the first${text}: ` +
    `received ${at(received)}, expected ${at(expected)}`
  );
};

const match = (
  name: string,
  isNegated: boolean,
  received: unknown,
  given: ExpectedTensor,
  sameValues: (received: Tensor, expected: Tensor) => Tensor,
): MatcherResult => {
  if (!isTensor(received))
    throw new NoduleTrainError(
      'torch',
      `expect().${name}(): received ${received === null ? 'null' : Array.isArray(received) ? 'an array' : `a ${typeof received}`}, expected a Tensor`,
    );
  if (received.isDisposed || (isTensor(given) && given.isDisposed))
    throw new NoduleTrainError(
      'disposed',
      `expect().${name}(): the ${received.isDisposed ? 'received' : 'expected'} Tensor was disposed`,
    );
  // The message is built now: the tensors may be disposed when it is read.
  const fault = noGrad(() =>
    scope(() => {
      const expected = asTensor(given, received);
      return difference(received, expected) ?? firstFault(sameValues(received, expected), received, expected);
    }),
  );
  const values = inspect(received);
  const message = isNegated
    ? `expected another tensor than\n${values}`
    : `expected tensors to be ${name === 'toEqualTensor' ? 'equal' : 'close'}: ${fault}\n\nreceived ${values}\n\n` +
      `expected ${inspect(given)}`;
  return { pass: fault === null, message: () => message };
};

const sameNaN = (received: Tensor, expected: Tensor): Tensor => both(notANumber(received), notANumber(expected));

/**
 * Matchers for `expect.extend(tensorMatchers)` of Vitest or Jest. `toEqual` and `deepStrictEqual` see different tensors
 * as unequal, whatever their values: `expect(x).toEqualTensor(y)` and `expect(x).toBeCloseToTensor(y)` compare them.
 */
export const tensorMatchers = {
  toEqualTensor(
    this: { isNot?: boolean | undefined } | undefined,
    received: unknown,
    expected: ExpectedTensor,
  ): MatcherResult {
    return match('toEqualTensor', this?.isNot === true, received, expected, (a, b) =>
      either(equalValues(a, b), sameNaN(a, b)),
    );
  },
  toBeCloseToTensor(
    this: { isNot?: boolean | undefined } | undefined,
    received: unknown,
    expected: ExpectedTensor,
    { rtol = 1e-5, atol = 1e-8 }: Omit<Closeness, 'equalNan'> = {},
  ): MatcherResult {
    return match('toBeCloseToTensor', this?.isNot === true, received, expected, (a, b) =>
      closeValues(a, b, rtol, atol, true),
    );
  },
};
