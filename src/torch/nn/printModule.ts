import type { Tensor } from '../tensor/tensor.js';

/** What `util.inspect` shows of a Module. */
export interface InspectedModule {
  name: string;
  options: string;
  tensors: { name: string; tensor: Tensor; buffer: boolean }[];
  /** null in the place of a module that contains itself. */
  children: [name: string, module: InspectedModule | null][];
}

/** More tensors are counted, not listed. */
const MOST_LISTED = 6;

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

/** Parameters of a module and its descendants, each once. */
const collect = ({ tensors, children }: InspectedModule, found: Set<Tensor>): Set<Tensor> => {
  for (const { tensor, buffer } of tensors) if (!buffer && !tensor.isDisposed) found.add(tensor);
  for (const [, child] of children) if (child !== null) collect(child, found);
  return found;
};

const totalText = (module: InspectedModule): string => {
  const parameters = [...collect(module, new Set())];
  if (parameters.length === 0) return '';
  const sum = (tensors: Tensor[]): number => tensors.reduce((total, { numel }) => total + numel, 0);
  const frozen = sum(parameters.filter(({ requiresGrad }) => !requiresGrad));
  return `${counted(sum(parameters), 'parameter')}${frozen === 0 ? '' : `, ${frozen.toLocaleString('en')} of them frozen`}`;
};

const shapesText = ({ tensors }: InspectedModule): string => {
  if (tensors.length > MOST_LISTED) return counted(tensors.length, 'tensor');
  return tensors
    .map(({ name, tensor }) => `${name} ${tensor.isDisposed ? 'disposed' : `[${tensor.shape.join(', ')}]`}`)
    .join(', ');
};

const indent = (text: string): string => text.replaceAll('\n', '\n  ');

/** Lines of the children; neighbours that print the same come as one line, as in PyTorch: (0-3): 4 x Linear(…). */
const childLines = ({ children }: InspectedModule): string[] => {
  const groups: { first: string; last: string; count: number; text: string }[] = [];
  for (const [name, child] of children) {
    const text = child === null ? '[Circular]' : printModule(child);
    const before = groups.at(-1);
    if (before?.text === text && /^\d+$/.test(name)) Object.assign(before, { last: name, count: before.count + 1 });
    else groups.push({ first: name, last: name, count: 1, text });
  }
  return groups.map(({ first, last, count, text }) =>
    count === 1 ? `(${first}): ${text}` : `(${first}-${last}): ${count} x ${text}`,
  );
};

/**
 * Prints a module as PyTorch does, with the shapes of its own tensors and the number of parameters of the whole:
 *
 *     Sequential(
 *       (0): Linear(4, 2) weight [2, 4], bias [2]: 10 parameters
 *       (1): Relu()
 *     ) 10 parameters
 */
export function printModule(module: InspectedModule): string {
  const lines = childLines(module);
  if (module.options !== '' && lines.length > 0) lines.unshift(module.options);
  const inside = lines.length === 0 ? module.options : `\n  ${lines.map(indent).join('\n  ')}\n`;
  const notes = [shapesText(module), totalText(module)].filter((note) => note !== '').join(': ');
  return `${module.name}(${inside})${notes === '' ? '' : ` ${notes}`}`;
}
