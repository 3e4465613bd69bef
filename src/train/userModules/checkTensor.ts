import { NoduleTrainError } from '../../runtime/index.js';
import { type DType, isTensor, ops, scope, type Tensor } from '../../torch/index.js';

/** What a tensor from code of the user's own must be. */
export interface ExpectedTensor {
  shape: readonly number[];
  dtypes: readonly DType[];
  /** Also look at the values, which waits for the device: every one finite and, where it is given, in this range. */
  values?: { low: number; high: number } | 'finite' | undefined;
}

/**
 * Checks at the border what a function of the user's own gave, so that a wrong one is named and not what breaks behind it.
 * @throws NoduleTrainError `user-module`
 */
export function checkTensor(what: string, given: unknown, { shape, dtypes, values }: ExpectedTensor): Tensor {
  const fail = (found: string): never => {
    throw new NoduleTrainError(
      'user-module',
      `${what} ${found}; wanted is a Tensor [${shape.join(', ')}] of ${dtypes.join(' or ')}${values === undefined ? '' : values === 'finite' ? ', every value finite' : `, every value from ${values.low} to ${values.high}`}`,
    );
  };
  if (!isTensor(given))
    return fail(
      `is ${given === null ? 'null' : typeof given}, no Tensor of this package (or of a second copy of it, which does not fit)`,
    );
  if (given.shape.length !== shape.length || given.shape.some((size, axis) => size !== shape[axis]))
    fail(`has shape [${given.shape.join(', ')}]`);
  if (!dtypes.includes(given.dtype)) fail(`is of ${given.dtype}`);
  if (values !== undefined)
    scope(() => {
      const plain = given.detach();
      if (!(ops.all(ops.isfinite(plain)) as Tensor).item()) fail('holds values that are not finite');
      if (values === 'finite') return;
      const [least, most] = [(plain.min() as Tensor).item() as number, (plain.max() as Tensor).item() as number];
      if (least < values.low || most > values.high) fail(`holds values from ${least} to ${most}`);
    });
  return given;
}
