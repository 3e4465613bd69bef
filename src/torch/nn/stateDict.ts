import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { noGrad } from '../autograd/modes.js';
import { isTensor, type Tensor } from '../tensor/tensor.js';

/** Result of `stateDict()` and argument of `loadStateDict()`. */
export type StateDict = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

/** Returns the entries of a state. @throws NoduleTrainError `state-dict` */
export const entriesOf = (state: StateDict): Map<string, Tensor> => {
  if (typeof state !== 'object' || state === null)
    throw new NoduleTrainError(
      'state-dict',
      `loadStateDict: found ${state === null ? 'null' : typeof state}, expected a Map or an object of Tensors`,
    );
  const entries = new Map<string, Tensor>(types.isMap(state) ? state : Object.entries(state));
  for (const [name, tensor] of entries)
    if (!isTensor(tensor))
      throw new NoduleTrainError(
        'state-dict',
        `loadStateDict: the value of ${name} is ${typeof tensor}, expected a Tensor`,
      );
  return entries;
};

/**
 * Copies `state` into `own`, converted to its dtypes and devices. Nothing is changed unless everything fits.
 * @throws NoduleTrainError `state-dict` naming every missing, unexpected and mis-shaped key
 */
export function copyStateDict(own: ReadonlyMap<string, Tensor>, state: StateDict, strict: boolean): void {
  const given = entriesOf(state);
  const missing = [...own.keys()].filter((name) => !given.has(name));
  const unexpected = [...given.keys()].filter((name) => !own.has(name));
  const misshaped = [...own].flatMap(([name, tensor]) => {
    const found = given.get(name);
    if (found === undefined || String(found.shape) === String(tensor.shape)) return [];
    return [`${name} is [${found.shape}], expected [${tensor.shape}]`];
  });
  const complaints: string[] = [];
  if (strict && missing.length > 0) complaints.push(`missing: ${missing.join(', ')}`);
  if (strict && unexpected.length > 0) complaints.push(`unexpected: ${unexpected.join(', ')}`);
  if (misshaped.length > 0) complaints.push(`of another shape: ${misshaped.join(', ')}`);
  if (complaints.length > 0)
    throw new NoduleTrainError(
      'state-dict',
      `loadStateDict: the state of ${given.size} tensors does not fit this module of ${own.size}; ` +
        `${complaints.join('; ')}. Make the module with the options it was saved with.`,
    );
  noGrad(() => {
    for (const [name, tensor] of own) {
      const found = given.get(name);
      if (found !== undefined) tensor.copy_(found);
    }
  });
}
