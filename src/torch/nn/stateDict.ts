import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { noGrad } from '../autograd/modes.js';
import { native } from '../native.js';
import { lazyOp } from '../operators/operators.js';
import { isTensor, shapeChanged, slotOf, type Tensor } from '../tensor/tensor.js';

const setData = lazyOp('aten::set_data');

/** Result of `stateDict()` and argument of `loadStateDict()`. */
export type StateDict = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

export interface LoadStateDictOptions {
  strict?: boolean | undefined;
  assign?: boolean | undefined;
}

/** Names by which a state and a module differ. */
export interface StateDictKeys {
  missingKeys: string[];
  unexpectedKeys: string[];
}

/** Returns the entries of a state. @throws NoduleTrainError `state-dict` */
export const entriesOf = (state: StateDict): Map<string, Tensor> => {
  if (typeof state !== 'object' || state === null)
    throw new NoduleTrainError(
      'state-dict',
      `loadStateDict: found ${state === null ? 'null' : typeof state}, expected a Map or an object of Tensors`,
    );
  const entries = new Map<string, Tensor>(types.isMap(state) ? state : Object.entries(state));
  for (const [name, tensor] of entries) {
    if (!isTensor(tensor))
      throw new NoduleTrainError(
        'state-dict',
        `loadStateDict: the value of ${name} is ${tensor === null ? 'null' : typeof tensor}, expected a Tensor`,
      );
    if (tensor.isDisposed)
      throw new NoduleTrainError('disposed', `loadStateDict: the value of ${name} is a Tensor that was disposed`);
  }
  return entries;
};

const KNOWN_OPTIONS = new Set(['strict', 'assign']);

const checkOptions = (options: LoadStateDictOptions): void => {
  const unknown = Object.keys(options).find((name) => !KNOWN_OPTIONS.has(name));
  if (unknown !== undefined)
    throw new NoduleTrainError('state-dict', `loadStateDict: found the option ${unknown}, expected strict or assign`);
};

/**
 * Gives a tensor of the module a copy of the given one with its dtype and device. Memory is not shared: a change of the
 * given tensor would not raise the version of this one, by which autograd and prepared networks notice changes.
 */
const assignTensor = (own: Tensor, given: Tensor): void => {
  // In Python the parameter is another one, without a gradient.
  own.grad = null;
  const copy = given.detach().clone();
  setData(own, copy);
  copy.dispose();
  shapeChanged(own);
};

/**
 * Copies `state` into `own`, converted to its dtypes and devices, or with `assign` as it is. Nothing is
 * changed unless everything fits.
 * @returns the names by which they differ
 * @throws NoduleTrainError `state-dict` naming every missing, unexpected and mis-shaped key
 */
export function copyStateDict(
  own: ReadonlyMap<string, Tensor>,
  state: StateDict,
  options: LoadStateDictOptions,
): StateDictKeys {
  checkOptions(options);
  const { strict = true, assign = false } = options;
  const given = entriesOf(state);
  const missingKeys = [...own.keys()].filter((name) => !given.has(name));
  const unexpectedKeys = [...given.keys()].filter((name) => !own.has(name));
  const complaints: string[] = [];
  const misshaped: string[] = [];
  const complex: string[] = [];
  for (const [name, tensor] of own) {
    const found = given.get(name);
    if (found === undefined) continue;
    const [shape, expected] = [native().shape(slotOf(found)), native().shape(slotOf(tensor))];
    if (String(shape) !== String(expected)) misshaped.push(`${name} is [${shape}], expected [${expected}]`);
    else if (assign && tensor.requiresGrad && !/float|complex/.test(found.dtype))
      complaints.push(`${name} is ${found.dtype}, expected a floating-point dtype for a trained parameter`);
    if (found.dtype.startsWith('complex') && !tensor.dtype.startsWith('complex'))
      complex.push(`${name} is ${found.dtype}, expected ${tensor.dtype}`);
  }
  if (strict && missingKeys.length > 0) complaints.push(`missing: ${missingKeys.join(', ')}`);
  if (strict && unexpectedKeys.length > 0) complaints.push(`unexpected: ${unexpectedKeys.join(', ')}`);
  if (misshaped.length > 0) complaints.push(`of another shape: ${misshaped.join(', ')}`);
  if (complex.length > 0) complaints.push(`complex: ${complex.join(', ')}`);
  if (complaints.length > 0)
    throw new NoduleTrainError(
      'state-dict',
      `loadStateDict: the state of ${given.size} tensors does not fit this module of ${own.size}; ` +
        `${complaints.join('; ')}. Make the module with the options it was saved with.`,
    );
  noGrad(() => {
    for (const [name, tensor] of own) {
      const found = given.get(name);
      if (found === undefined) continue;
      if (assign) assignTensor(tensor, found);
      else tensor.copy_(found);
    }
  });
  return { missingKeys, unexpectedKeys };
}
