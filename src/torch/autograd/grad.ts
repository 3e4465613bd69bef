import { NoduleTrainError } from '../../runtime/index.js';
import { native, type Slot } from '../native.js';
import { fromSlot, isTensor, slotOf, type Tensor } from '../tensor/tensor.js';
import { torchError } from '../torchError.js';

/** One Tensor, or a list of them. */
export type Tensors = Tensor | readonly Tensor[];

/** Options of `autograd.grad`. */
export interface GradOptions {
  /** Gradients of the outputs, one for each; null for an output of one element means 1. */
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null | undefined;
  /** Keeps the graph for another call; default: `createGraph`. */
  retainGraph?: boolean | undefined;
  /** Records the graph of the gradients too, for derivatives of a higher order. */
  createGraph?: boolean | undefined;
  /** Gives null for an input that no output depends on, instead of an error. */
  allowUnused?: boolean | undefined;
}

type AllOf<Inputs, Result> = Inputs extends readonly Tensor[] ? { [Place in keyof Inputs]: Result } : [Result];

const listed = <T>(what: string, given: T | readonly T[], allowsNull: boolean): readonly T[] => {
  const list = Array.isArray(given) ? [...(given as readonly T[])] : [given as T];
  for (const [i, one] of list.entries())
    if (!isTensor(one) && !(allowsNull && one === null))
      throw new NoduleTrainError(
        'torch',
        `${what} ${i}: found ${one === null ? 'null' : typeof one}, expected a Tensor${allowsNull ? ' or null' : ''}`,
      );
  return list;
};

const slotsOf = (list: readonly (Tensor | null)[]): (Slot | null)[] =>
  list.map((one) => (one === null ? null : slotOf(one)));

/**
 * Returns the gradients of `outputs` with respect to `inputs`, without adding them to `grad`
 * (PyTorch's `torch.autograd.grad`).
 *
 * @returns one gradient for each input, of its shape; null only with `allowUnused`
 * @throws NoduleTrainError `torch` for an output of several elements without its gradient, a gradient of another shape,
 *   an input without graph, an input that no output depends on (unless `allowUnused`), and a graph that was freed
 */
export function grad<const Inputs extends Tensors>(
  outputs: Tensors,
  inputs: Inputs,
  options: GradOptions & { allowUnused: true },
): AllOf<Inputs, Tensor | null>;
export function grad<const Inputs extends Tensors>(
  outputs: Tensors,
  inputs: Inputs,
  options?: GradOptions & { allowUnused?: false | undefined },
): AllOf<Inputs, Tensor>;
export function grad(outputs: Tensors, inputs: Tensors, options?: GradOptions): (Tensor | null)[];
export function grad(outputs: Tensors, inputs: Tensors, options: GradOptions = {}): unknown {
  const { gradOutputs = null, createGraph = false, allowUnused = false } = options;
  const of = listed('autograd.grad: output', outputs, false);
  const by = listed('autograd.grad: input', inputs, false);
  const given = gradOutputs === null ? null : listed<Tensor | null>('autograd.grad: gradOutputs', gradOutputs, true);
  if (of.length === 0 || by.length === 0 || (given !== null && given.length !== of.length))
    throw new NoduleTrainError(
      'torch',
      `autograd.grad: found ${of.length} outputs, ${by.length} inputs and ${given?.length ?? 'no'} gradOutputs, ` +
        'expected at least one output and input, and a gradient for each output',
    );
  try {
    const slots = native().gradients(
      of.map(slotOf),
      by.map(slotOf),
      given === null ? null : slotsOf(given),
      options.retainGraph ?? createGraph,
      createGraph,
      allowUnused,
    );
    return slots.map((slot) => (slot === null ? null : fromSlot(slot)));
  } catch (cause) {
    throw torchError(cause, 'autograd.grad');
  }
}
