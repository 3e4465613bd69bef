import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import { keep } from '../scope.js';
import type { Device, DType } from '../tensor/dtype.js';
import { isDType } from '../tensor/dtype.js';
import { isTensor, shapeChanged, slotOf, type Tensor } from '../tensor/tensor.js';
import { torchError } from '../torchError.js';
import { copyStateDict, type StateDict } from './stateDict.js';

const THREAD_BOUND = Symbol("a Module belongs to its thread, post its tensors' share() and load them there");

export interface ModuleEntry {
  /** Name in Python's state_dict. */
  name: string;
  tensor: Tensor;
  buffer: boolean;
}

const buffers = new WeakSet<Tensor>();
const parameters = new WeakSet<Tensor>();

/** Marks a Tensor as a parameter of the Module it is assigned to and returns it. No open scope frees it. */
export function parameter(tensor: Tensor): Tensor {
  tensor.requiresGrad = true;
  parameters.add(tensor);
  return keep(tensor);
}

/** Marks a Tensor as a buffer (saved and moved, not trained) of the Module it is assigned to and returns it. */
export function buffer(tensor: Tensor): Tensor {
  buffers.add(tensor);
  return keep(tensor);
}

/**
 * Base class of everything with parameters. A subclass assigns `parameter(…)`, `buffer(…)`, Modules or arrays of
 * Modules to its properties, whose names become the names in the state_dict, and defines `forward`.
 */
export abstract class Module {
  #training = true;

  // postMessage would clone a Module without its parameters. A symbol cannot be cloned, and the error shows its text.
  protected readonly threadBound: symbol = THREAD_BOUND;

  abstract forward(...inputs: any[]): any;

  /**
   * As `forward`, but off this thread, so that the event loop continues. Asynchronous calls run one after the other, in
   * order, with grad mode and autocast as at the call. Inputs may be disposed at once. Until the promise resolves
   * nothing may write to the inputs, the parameters or the buffers (no optimizer step, no `train()`). The result
   * belongs to no scope.
   * @throws NoduleTrainError `no-async-forward` if a subclass has a `forward` in JavaScript and no `forwardAsync`
   */
  async forwardAsync(..._inputs: any[]): Promise<any> {
    throw new NoduleTrainError(
      'no-async-forward',
      `${this.constructor.name}.forwardAsync: its forward is JavaScript and runs on this thread. ` +
        'Define a forwardAsync that awaits those of its parts, or call forward in a worker.',
    );
  }

  get training(): boolean {
    return this.#training;
  }

  /** Returns parameters, buffers, then children: the order of Python's state_dict. */
  entries(prefix = ''): ModuleEntry[] {
    const own: ModuleEntry[] = [];
    const ownBuffers: ModuleEntry[] = [];
    for (const [name, value] of Object.entries(this)) {
      if (!isTensor(value)) continue;
      if (buffers.has(value)) ownBuffers.push({ name: prefix + name, tensor: value, buffer: true });
      else if (parameters.has(value)) own.push({ name: prefix + name, tensor: value, buffer: false });
    }
    return [
      ...own,
      ...ownBuffers,
      ...this.namedChildren().flatMap(([name, child]) => child.entries(`${prefix}${name}.`)),
    ];
  }

  namedChildren(): [string, Module][] {
    return Object.entries(this).flatMap(([name, value]): [string, Module][] => {
      if (value instanceof Module) return [[name, value]];
      if (!Array.isArray(value) || !value.some((item) => item instanceof Module)) return [];
      return value.map((item, i) => {
        if (item instanceof Module) return [`${name}.${i}`, item];
        // It would be missing from the state and from training without a warning.
        throw new NoduleTrainError(
          'module',
          `${this.constructor.name}: ${name}[${i}] is ${item === null ? 'null' : typeof item}, ` +
            'expected a Module: an array with Modules may hold nothing else',
        );
      });
    });
  }

  /** Returns the parameters of this module and its descendants; a shared one comes once, under its first name. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }
  namedParameters(): Map<string, Tensor> {
    return this.#once((entry) => !entry.buffer);
  }
  namedBuffers(): Map<string, Tensor> {
    return this.#once((entry) => entry.buffer);
  }
  #once(accepts: (entry: ModuleEntry) => boolean): Map<string, Tensor> {
    const seen = new Set<Tensor>();
    const found = new Map<string, Tensor>();
    for (const entry of this.entries()) {
      if (!accepts(entry) || seen.has(entry.tensor)) continue;
      seen.add(entry.tensor);
      found.set(entry.name, entry.tensor);
    }
    return found;
  }

  /** Sets the gradients to null. */
  zeroGrad(): void {
    for (const tensor of this.parameters()) tensor.grad = null;
  }

  /** Returns the module's own tensors (not copies) by their names in Python's state_dict. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.entries().map((entry) => [entry.name, entry.tensor]));
  }

  /**
   * Copies values into the parameters and buffers. `strict: false` ignores missing and unexpected names, never a wrong
   * shape.
   * @throws NoduleTrainError `state-dict` naming every key that does not fit
   */
  loadStateDict(state: StateDict, options: { strict?: boolean } = {}): this {
    copyStateDict(this.stateDict(), state, options.strict !== false);
    return this;
  }

  /** Switches this module and its descendants to training: batch statistics, dropout. */
  train(on = true): this {
    this.#training = on;
    for (const [, child] of this.namedChildren()) child.train(on);
    return this;
  }
  /** Switches to evaluation: running statistics, no dropout. */
  eval(): this {
    return this.train(false);
  }

  /** Changes the dtype of floating-point tensors, or the device, in place: the Tensors stay the same objects. */
  to(target: DType | Device): this {
    const [dtype, device] = isDType(target) ? [target, null] : [null, target];
    for (const { tensor } of this.entries()) {
      try {
        native().convertInPlace(slotOf(tensor), dtype, device);
      } catch (cause) {
        throw torchError(cause, `to('${target}')`);
      }
      shapeChanged(tensor);
    }
    return this;
  }

  /** Frees the parameters and buffers. */
  dispose(): void {
    for (const { tensor } of this.entries()) tensor.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
