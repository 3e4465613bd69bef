import { NoduleTrainError } from '../../../runtime/index.js';
import { isTensor, type Tensor } from '../../tensor/tensor.js';

/** The error of a call of `functional` with arguments that do not fit. */
export const functionalError = (name: string, text: string): NoduleTrainError =>
  new NoduleTrainError('torch', `functional.${name}: ${text}`);

const snakeToCamel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Refuses options that a function does not have, such as `align_corners`, which JavaScript would ignore.
 * @returns the options, or none if they are undefined
 */
export function readOptions<Options extends object>(
  name: string,
  given: Options | undefined,
  known: readonly (keyof Options & string)[],
): Partial<Options> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given) || isTensor(given))
    throw functionalError(
      name,
      `the options are ${given === null ? 'null' : isTensor(given) ? 'a Tensor' : Array.isArray(given) ? 'an array' : typeof given}, ` +
        `expected an object with ${known.join(', ')}`,
    );
  for (const key of Object.keys(given))
    if (!(known as readonly string[]).includes(key)) {
      const meant = snakeToCamel(key);
      const advice = meant !== key && (known as readonly string[]).includes(meant) ? ` Use ${meant}.` : '';
      throw functionalError(name, `found the option ${key}, expected ${known.join(', ')}.${advice}`);
    }
  return given;
}

export const checkTensor = (name: string, what: string, value: unknown): Tensor => {
  if (!isTensor(value))
    throw functionalError(name, `${what} is ${value === null ? 'null' : typeof value}, expected a Tensor`);
  return value;
};

/** Returns the place of a choice among those that an option has. @throws NoduleTrainError `torch` */
export function placeOf<Choice extends string>(
  name: string,
  option: string,
  value: Choice,
  choices: readonly Choice[],
): number {
  const place = choices.indexOf(value);
  if (place < 0)
    throw functionalError(
      name,
      `${option} is ${typeof value === 'string' ? `'${value}'` : typeof value}, expected ${choices.map((choice) => `'${choice}'`).join(', ')}`,
    );
  return place;
}

/** How a loss is reduced: none (one value for each), their mean or their sum. */
export type Reduction = 'none' | 'mean' | 'sum';
const REDUCTIONS: readonly Reduction[] = ['none', 'mean', 'sum'];
export const reductionOf = (name: string, reduction: Reduction): number =>
  placeOf(name, 'reduction', reduction, REDUCTIONS);
