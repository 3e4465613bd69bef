import { NoduleTrainError } from '../../runtime/index.js';
import { type DType, isTensor, ops, scope, type Tensor } from '../../torch/index.js';

/** Requirements for a tensor from user code. */
export interface ExpectedTensor {
  shape: readonly number[];
  dtypes: readonly DType[];
  /** Also checks the values, which waits for the device: all finite and, if a range is given, within it. */
  values?: { low: number; high: number } | 'finite' | undefined;
}

/**
 * Checks a tensor from user code, so that the error names that code and not what fails later. `what` begins the
 * message.
 * @throws NoduleTrainError `user-module`
 */
export function checkTensor(what: string, given: unknown, { shape, dtypes, values }: ExpectedTensor): Tensor {
  const fail = (found: string): never => {
    throw new NoduleTrainError(
      'user-module',
      `checking ${what}: found ${found}, ` +
        `expected a Tensor [${shape.join(', ')}] of ${dtypes.join(' or ')}${expectedValues(values)}.`,
    );
  };
  if (!isTensor(given))
    return fail(
      `${given === null ? 'null' : typeof given}, not a Tensor of this package (or one of a second copy of it)`,
    );
  if (given.shape.length !== shape.length || given.shape.some((size, axis) => size !== shape[axis]))
    fail(`shape [${given.shape.join(', ')}]`);
  if (!dtypes.includes(given.dtype)) fail(`dtype ${given.dtype}`);
  if (values !== undefined)
    scope(() => {
      const plain = given.detach();
      if (!(ops.all(ops.isfinite(plain)) as Tensor).item()) fail('values that are not finite');
      if (values === 'finite') return;
      const [least, most] = [(plain.min() as Tensor).item() as number, (plain.max() as Tensor).item() as number];
      if (least < values.low || most > values.high) fail(`values from ${least} to ${most}`);
    });
  return given;
}

function expectedValues(values: ExpectedTensor['values']): string {
  if (values === undefined) return '';
  return values === 'finite' ? ', all values finite' : `, all values from ${values.low} to ${values.high}`;
}
