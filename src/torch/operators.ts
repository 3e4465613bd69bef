import { NoduleTrainError } from '../runtime/error.js';
import type { CallResult } from './native.js';
import { native } from './native.js';
import type { AtenOperator, NoduleOperator } from './operatorNames.generated.js';
import { fromSlot, isTensor, shapeChanged, slotOf, type Tensor } from './tensor.js';
import { torchError } from './torchError.js';

/** What an operator takes. A plain object as the last argument holds arguments by name (camelCase or snake_case). */
export type OperatorArgument =
  | Tensor
  | number
  | bigint
  | boolean
  | string
  | null
  | undefined
  | readonly (Tensor | null)[]
  | readonly (number | bigint | boolean)[]
  | { readonly [name: string]: OperatorArgument };

// The type of a result is the schema's affair: most give a Tensor, some several, a few a number.
export type Operator<Result = any> = ((...args: OperatorArgument[]) => Result) & {
  readonly schemas: readonly string[];
};

interface Resolved {
  number: number;
  mutates: boolean;
  schemas: string[];
}

const PLAIN = 0;
const TENSOR = 1;
const TENSOR_LIST = 2;
const MOST_ARGUMENTS = 26; // two bits each in a number of 53

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isNamed = (value: OperatorArgument): value is { readonly [name: string]: OperatorArgument } => {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isTensor(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const tagOf = (value: OperatorArgument): number => {
  if (typeof value !== 'object' || value === null) return PLAIN;
  if (isTensor(value)) return TENSOR;
  if (Array.isArray(value) && value.some(isTensor)) return TENSOR_LIST;
  return PLAIN;
};

const encode = (value: OperatorArgument, tag: number): unknown => {
  if (tag === TENSOR) return slotOf(value as Tensor);
  if (tag === TENSOR_LIST)
    return (value as (Tensor | null)[]).map((item, i) => {
      if (isTensor(item)) return slotOf(item);
      if (item === null || item === undefined) return -1;
      throw new NoduleTrainError(
        'torch',
        `Element ${i} of a list of Tensors is ${typeof item}, wanted is a Tensor or null`,
      );
    });
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new NoduleTrainError('torch', `An argument is a ${typeof value}, which no operator takes`);
  return value;
};

interface Encoded {
  values: OperatorArgument[];
  names: string[] | null;
  tags: number;
  encoded: unknown[];
}

function encodeAll(name: string, args: OperatorArgument[]): Encoded {
  const last = args[args.length - 1];
  let values: OperatorArgument[] = args;
  let names: string[] | null = null;
  if (args.length > 0 && isNamed(last)) {
    const named = Object.entries(last).filter(([, value]) => value !== undefined);
    names = named.map(([key]) => snakeCase(key));
    values = [...args.slice(0, -1), ...named.map(([, value]) => value)];
  }
  if (values.length > MOST_ARGUMENTS)
    throw new NoduleTrainError('torch', `${name} got ${values.length} arguments, more than any operator takes`);
  let tags = 0;
  let place = 1;
  const encoded: unknown[] = new Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const tag = tagOf(value);
    encoded[i] = encode(value, tag);
    tags += tag * place;
    place *= 4;
  }
  return { values, names, tags, encoded };
}

function decode(result: CallResult, values: OperatorArgument[]): unknown {
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

function invoke(name: string, resolved: Resolved, args: OperatorArgument[]): unknown {
  const { values, names, tags, encoded } = encodeAll(name, args);
  let result: CallResult;
  try {
    result = native().call(resolved.number, tags, names, ...encoded);
  } catch (cause) {
    throw torchError(cause, name);
  }
  if (resolved.mutates)
    for (const value of values) {
      if (isTensor(value)) shapeChanged(value);
      else if (Array.isArray(value)) for (const item of value) if (isTensor(item)) shapeChanged(item);
    }
  return decode(result, values);
}

async function invokeAsync(name: string, resolved: Resolved, args: OperatorArgument[]): Promise<unknown> {
  const { values, names, tags, encoded } = encodeAll(name, args);
  try {
    return decode(await native().callAsync(resolved.number, tags, names, ...encoded), values);
  } catch (cause) {
    throw torchError(cause, name);
  }
}

const resolve = (name: string): Resolved => {
  try {
    return native().resolveOperator(name);
  } catch (cause) {
    throw new NoduleTrainError('torch', `op('${name}'): ${(cause as Error).message}`, { cause });
  }
};

const known = new Map<string, Operator>();

/** An operator that is looked up at its first call; `name` must exist. */
export function lazyOp(name: string): (...args: OperatorArgument[]) => Tensor {
  let resolved: Resolved | undefined;
  return (...args) => {
    resolved ??= resolve(name);
    return invoke(name, resolved, args) as Tensor;
  };
}

/**
 * As {@link lazyOp}, run on this thread's queue: asynchronous calls run in their order and see grad mode and autocast as
 * they were at the call. The arguments may be disposed at once, but must not be written to until the promise resolves.
 */
export function lazyAsyncOp(name: string): (...args: OperatorArgument[]) => Promise<Tensor> {
  let resolved: Resolved | undefined;
  return async (...args) => {
    resolved ??= resolve(name);
    return (await invokeAsync(name, resolved, args)) as Tensor;
  };
}

/**
 * An operator of libtorch's dispatcher by its name: `op('aten::add')`, or one signature of it: `op('aten::add.Tensor')`.
 * Arguments are checked against the schema. A number where a Tensor is wanted is a wrapped scalar, as in Python.
 *
 * @param options.unsafe needed for private operators (their names start with `_`): these check little by themselves
 * @throws NoduleTrainError `torch` where no schema has that name
 */
export function op(name: string, options: { unsafe?: boolean } = {}): Operator {
  const base = name.slice(name.indexOf('::') + 2);
  if (base.startsWith('_') && options.unsafe !== true)
    throw new NoduleTrainError(
      'torch-unsafe',
      `op('${name}') is a private operator that may crash the process on malformed input; say op('${name}', {unsafe: true}) if that is meant`,
    );
  const found = known.get(name);
  if (found !== undefined) return found;
  const resolved = resolve(name);
  const operator = Object.assign((...args: OperatorArgument[]) => invoke(name, resolved, args), {
    schemas: resolved.schemas,
  });
  known.set(name, operator);
  return operator;
}

/** Operators by name. */
export type Ops = { readonly [name in AtenOperator]: Operator } & {
  /** Our own operators: `ops.nodule.crop_augment(…)`. */
  readonly nodule: { readonly [name in NoduleOperator]: Operator };
};

const namespace = (prefix: string): object =>
  new Proxy({}, { get: (_, name) => (typeof name === 'string' ? op(`${prefix}::${name}`) : undefined) });

const aten = namespace('aten');
const nodule = namespace('nodule');

/** Every public operator of the `aten` namespace, and under `ops.nodule` our own. */
export const ops = new Proxy({} as Ops, {
  get: (_, name) => (name === 'nodule' ? nodule : Reflect.get(aten, name)),
});
