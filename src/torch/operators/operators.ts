import { NoduleTrainError } from '../../runtime/index.js';
import type { CallResult } from '../native.js';
import { native } from '../native.js';
import { isPlainObject } from '../plainObject.js';
import { shown } from '../shown.js';
import type { Tensor } from '../tensor/tensor.js';
import { fromSlot, isTensor, rawSlot, shapeChanged } from '../tensor/tensorHandle.js';
import { torchError } from '../torchError.js';
import type { OperatorArgument } from './operatorArguments.js';
import { unsafeReason } from './unsafeOperators.js';

// The schema decides the type of the result: mostly a Tensor, sometimes several, rarely a number.
export type Operator<Result = any> = ((...args: OperatorArgument[]) => Result) & {
  readonly schemas: readonly string[];
};

interface Resolved {
  number: number;
  reshapes: boolean;
  schemas: string[];
}

const PLAIN = 0;
const TENSOR = 1;
const TENSOR_LIST = 2;
const TWO_TENSORS = 5;
const MOST_ARGUMENTS = 26; // two bits each in a number of 53

/** The name in the schema. Those that begin with a capital are the same: `UPLO`, `LU_data`, `HxW`. */
const snakeCase = (name: string): string =>
  /^[A-Z]/.test(name) ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isNamed = (value: OperatorArgument): value is { readonly [name: string]: OperatorArgument } => {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isTensor(value)) return false;
  return isPlainObject(value);
};

const tagOf = (value: OperatorArgument): number => {
  if (typeof value !== 'object' || value === null) return PLAIN;
  if (isTensor(value)) return TENSOR;
  if (Array.isArray(value) && value.some(isTensor)) return TENSOR_LIST;
  return PLAIN;
};

/** How an error names an argument: by its place, or by its name if it was given by name. */
const argumentText = (place: number, names: string[] | null, count: number): string => {
  const first = count - (names?.length ?? 0);
  return place < first ? `argument ${place + 1}` : `'${names?.[place - first]}'`;
};

const liveSlot = (tensor: Tensor, operator: string, what: () => string): number => {
  const slot = rawSlot(tensor);
  if (slot < 0) throw new NoduleTrainError('disposed', `${operator}: ${what()} is a Tensor that was disposed`);
  return slot;
};

const encode = (value: OperatorArgument, tag: number, operator: string, what: () => string): unknown => {
  if (tag === TENSOR) return liveSlot(value as Tensor, operator, what);
  if (tag === TENSOR_LIST)
    return (value as (Tensor | null)[]).map((item, i) => {
      if (isTensor(item)) return liveSlot(item, operator, () => `element ${i} of ${what()}`);
      if (item === null || item === undefined) return -1;
      throw new NoduleTrainError(
        'torch',
        `${operator}: element ${i} of ${what()} is a ${typeof item}, expected a Tensor or null`,
      );
    });
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new NoduleTrainError(
      'torch',
      `${operator}: ${what()} is a ${typeof value}, expected a Tensor, number, bigint, boolean, string, null, list ` +
        'or options object',
    );
  return value;
};

interface Encoded {
  values: OperatorArgument[];
  names: string[] | null;
  tags: number;
  encoded: unknown[];
}

function encodeAll(operator: string, args: OperatorArgument[]): Encoded {
  const last = args[args.length - 1];
  let values: OperatorArgument[] = args;
  let names: string[] | null = null;
  if (args.length > 0 && isNamed(last)) {
    names = [];
    values = args.slice(0, -1);
    for (const key in last)
      if (last[key] !== undefined) {
        names.push(snakeCase(key));
        values.push(last[key]);
      }
    if (names.length === 0) names = null;
  }
  const count = values.length;
  if (count > MOST_ARGUMENTS)
    throw new NoduleTrainError('torch', `${operator}: found ${count} arguments, expected at most ${MOST_ARGUMENTS}`);
  let tags = 0;
  let place = 1;
  const encoded: unknown[] = new Array(count);
  for (let i = 0; i < count; i++) {
    const value = values[i];
    const tag = tagOf(value);
    encoded[i] = encode(value, tag, operator, () => argumentText(i, names, count));
    tags += tag * place;
    place *= 4;
  }
  return { values, names, tags, encoded };
}

function decode(result: CallResult, values: readonly OperatorArgument[]): unknown {
  if (typeof result === 'number') return result >= 0 ? fromSlot(result) : values[-1 - result];
  const kinds = result[0];
  const decoded = Array.from(kinds, (kind, i) => {
    const value = result[i + 1];
    if (kind === 't') return fromSlot(value as number);
    if (kind === 'l') return (value as number[]).map((slot) => fromSlot(slot));
    if (kind === 'a') return values[value as number];
    return value;
  });
  return decoded.length === 0 ? undefined : decoded.length === 1 ? decoded[0] : decoded;
}

const forgetShapes = (values: readonly OperatorArgument[]): void => {
  for (const value of values) {
    if (isTensor(value)) shapeChanged(value);
    else if (Array.isArray(value)) for (const item of value) if (isTensor(item)) shapeChanged(item);
  }
};

function invoke(operator: string, resolved: Resolved, args: OperatorArgument[]): unknown {
  const { values, names, tags, encoded } = encodeAll(operator, args);
  let result: CallResult;
  try {
    result = native().call(resolved.number, tags, names, ...encoded);
  } catch (cause) {
    throw torchError(cause, operator);
  }
  if (resolved.reshapes) forgetShapes(values);
  return decode(result, values);
}

async function invokeAsync(operator: string, resolved: Resolved, args: OperatorArgument[]): Promise<unknown> {
  const { values, names, tags, encoded } = encodeAll(operator, args);
  try {
    return decode(await native().callAsync(resolved.number, tags, names, ...encoded), values);
  } catch (cause) {
    throw torchError(cause, operator);
  }
}

/** Calls an operator with one or two Tensors, without the arrays of the general path: most calls of small operators. */
function invokeTensors(operator: string, resolved: Resolved, first: Tensor, second?: Tensor): unknown {
  const slot = liveSlot(first, operator, () => 'argument 1');
  let result: CallResult;
  try {
    result =
      second === undefined
        ? native().call(resolved.number, TENSOR, null, slot)
        : native().call(
            resolved.number,
            TWO_TENSORS,
            null,
            slot,
            liveSlot(second, operator, () => 'argument 2'),
          );
  } catch (cause) {
    throw cause instanceof NoduleTrainError ? cause : torchError(cause, operator);
  }
  if (resolved.reshapes) forgetShapes(second === undefined ? [first] : [first, second]);
  if (typeof result === 'number' && result >= 0) return fromSlot(result);
  return decode(result, second === undefined ? [first] : [first, second]);
}

function callable(operator: string, resolve: () => Resolved): (...args: OperatorArgument[]) => unknown {
  let known: Resolved | undefined;
  return (...args) => {
    known ??= resolve();
    const [first, second] = args;
    if (args.length === 1 && isTensor(first)) return invokeTensors(operator, known, first);
    if (args.length === 2 && isTensor(first) && isTensor(second)) return invokeTensors(operator, known, first, second);
    return invoke(operator, known, args);
  };
}

let signatures: Map<string, string[]> | undefined;

/** The signatures of a name: `aten::add` has several, `aten::add.Tensor` is one. */
const signaturesOf = (name: string): readonly string[] => {
  if (name.includes('.')) return [name];
  if (signatures === undefined) {
    signatures = new Map();
    for (const signature of native().operatorNames()) {
      const base = signature.split('.', 1)[0]!;
      const known = signatures.get(base);
      if (known === undefined) signatures.set(base, [signature]);
      else known.push(signature);
    }
  }
  return signatures.get(name) ?? [];
};

const resolve = (name: string, unsafe: boolean): Resolved => {
  const skipped = unsafe ? [] : signaturesOf(name).filter((signature) => unsafeReason(signature) !== null);
  try {
    const resolved = native().resolveOperator(name, skipped);
    if (resolved.schemas.length > 0) return resolved;
  } catch (cause) {
    throw new NoduleTrainError('torch', `op('${name}'): ${(cause as Error).message}`, { cause });
  }
  throw new NoduleTrainError(
    'torch-unsafe',
    `op('${name}'): the operator ${unsafeReason(skipped[0]!)}. Use op('${name}', {unsafe: true}) to call it anyway.`,
  );
};

/** Returns an operator that is looked up at its first call; `name` must exist. */
export function lazyOp(name: string): (...args: OperatorArgument[]) => Tensor {
  return callable(name, () => resolve(name, false)) as (...args: OperatorArgument[]) => Tensor;
}

const known = new Map<string, Operator>();

/**
 * Like {@link lazyOp}, but runs on this thread's queue: asynchronous calls run in order, with grad mode and autocast as
 * at the call. The arguments may be disposed at once, but must not be written to until the promise resolves.
 */
export function lazyAsyncOp(name: string): (...args: OperatorArgument[]) => Promise<Tensor> {
  let resolved: Resolved | undefined;
  return async (...args) => {
    resolved ??= resolve(name, false);
    return (await invokeAsync(name, resolved, args)) as Tensor;
  };
}

/**
 * Returns an operator of libtorch's dispatcher by name: `op('aten::add')`, or one signature: `op('aten::add.Tensor')`.
 * Arguments are checked against the schema. A number in place of a Tensor is a wrapped scalar, as in Python.
 *
 * @param options.unsafe required for private operators (names starting with `_`), which check little themselves, and
 *   for operators that reach files or other processes, belong to another namespace than `aten` and `nodule`, or are
 *   known to crash the process on malformed input; also includes the signatures that `op(name)` skips for that reason
 * @throws NoduleTrainError `torch` if no schema has that name, `torch-unsafe` if `unsafe` is required
 */
export function op(name: string, options: { unsafe?: boolean } = {}): Operator {
  if (typeof name !== 'string')
    throw new NoduleTrainError('torch', `op(name): found ${shown(name)}, expected a name such as 'aten::add'`);
  const unsafe = options.unsafe === true;
  const key = unsafe ? `unsafe ${name}` : name;
  const found = known.get(key);
  if (found !== undefined) return found;
  const base = name.slice(name.indexOf('::') + 2);
  if (base.startsWith('_') && !unsafe)
    throw new NoduleTrainError(
      'torch-unsafe',
      `op('${name}'): private operators may crash the process on malformed input. ` +
        `Use op('${name}', {unsafe: true}) to call it anyway.`,
    );
  const resolved = resolve(name, unsafe);
  const operator = Object.assign(
    callable(name, () => resolved),
    { schemas: resolved.schemas },
  ) as Operator;
  known.set(key, operator);
  return operator;
}

/**
 * As {@link op}, but the operator runs off this thread and returns a promise.
 * @throws NoduleTrainError `torch`, `torch-unsafe` as `op`
 */
export function asyncOp(name: string): (...args: OperatorArgument[]) => Promise<unknown> {
  // For its checks of the name.
  op(name);
  return lazyAsyncOp(name);
}
