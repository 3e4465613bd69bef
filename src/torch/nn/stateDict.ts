import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { noGrad } from '../autograd/modes.js';
import { lazyOp } from '../operators/operators.js';
import { isTensor, shapeChanged, type Tensor } from '../tensor/tensor.js';

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

/** Lets a tensor of the module take the memory of the given one. */
const assignTensor = (own: Tensor, given: Tensor): void => {
  const gradient = own.grad;
  // A gradient of another dtype or device would fit the parameter no longer.
  if (gradient !== null && (given.dtype !== own.dtype || given.device !== own.device)) own.grad = null;
  setData(own, given.detach());
  shapeChanged(own);
};

/**
 * Copies `state` into `own`, converted to its dtypes and devices, or with `assign` takes over its memory. Nothing is
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
  const misshaped: string[] = [];
  const complex: string[] = [];
  for (const [name, tensor] of own) {
    const found = given.get(name);
    if (found === undefined) continue;
    if (String(found.shape) !== String(tensor.shape))
      misshaped.push(`${name} is [${found.shape}], expected [${tensor.shape}]`);
    if (found.dtype.startsWith('complex') && !tensor.dtype.startsWith('complex'))
      complex.push(`${name} is ${found.dtype}, expected ${tensor.dtype}`);
  }
  const complaints: string[] = [];
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
