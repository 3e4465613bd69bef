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
  /** As in Python's state_dict. */
  name: string;
  tensor: Tensor;
  buffer: boolean;
}

const buffers = new WeakSet<Tensor>();
const parameters = new WeakSet<Tensor>();

/** Marks a Tensor as a parameter of the Module it is assigned to; it then outlives any open scope. */
export function parameter(tensor: Tensor): Tensor {
  tensor.requiresGrad = true;
  parameters.add(tensor);
  return keep(tensor);
}

/** Marks a Tensor as a buffer (saved and moved, not trained) of the Module it is assigned to. */
export function buffer(tensor: Tensor): Tensor {
  buffers.add(tensor);
  return keep(tensor);
}

/**
 * The base of everything with parameters. A subclass assigns `parameter(…)`, `buffer(…)`, Modules or arrays of Modules
 * to its properties, whose names are the names in the state_dict, and has a `forward`.
 */
export abstract class Module {
  #training = true;

  // Structured clone would make an object without parameters of a Module; it refuses a symbol, and says its text.
  protected readonly threadBound: symbol = THREAD_BOUND;

  abstract forward(...inputs: any[]): any;

  /**
   * As `forward`, off this thread, so that the event loop goes on. Asynchronous calls run one after the other, in their
   * order, with grad mode and autocast as at the call; inputs may be disposed at once. Until the promise resolves nothing
   * may write to the inputs, the parameters or the buffers (no optimizer step, no `train()`). The result belongs to no scope.
   * @throws NoduleTrainError `no-async-forward` where a subclass has a `forward` in JavaScript and no `forwardAsync`
   */
  async forwardAsync(..._inputs: any[]): Promise<any> {
    throw new NoduleTrainError(
      'no-async-forward',
      `${this.constructor.name}: its forward is JavaScript and runs on this thread; give it a forwardAsync that awaits those of its parts, or call it in a worker`,
    );
  }

  get training(): boolean {
    return this.#training;
  }

  /** Parameters, then buffers, then children: the order of Python's state_dict. */
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
        // It would be left out of the state and of training without a word.
        throw new NoduleTrainError(
          'module',
          `${this.constructor.name}: ${name}[${i}] is ${item === null ? 'null' : typeof item}, wanted is a Module: an array of Modules holds nothing else`,
        );
      });
    });
  }

  /** Of this module and all below it; one that two share comes once, under its first name. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }
  namedParameters(): Map<string, Tensor> {
    return this.#once((entry) => !entry.buffer);
  }
  namedBuffers(): Map<string, Tensor> {
    return this.#once((entry) => entry.buffer);
  }
  #once(wanted: (entry: ModuleEntry) => boolean): Map<string, Tensor> {
    const seen = new Set<Tensor>();
    const found = new Map<string, Tensor>();
    for (const entry of this.entries()) {
      if (!wanted(entry) || seen.has(entry.tensor)) continue;
      seen.add(entry.tensor);
      found.set(entry.name, entry.tensor);
    }
    return found;
  }

  /** Sets the gradients to null. */
  zeroGrad(): void {
    for (const tensor of this.parameters()) tensor.grad = null;
  }

  /** The module's own tensors (no copies) by their names in Python's state_dict. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.entries().map((entry) => [entry.name, entry.tensor]));
  }

  /**
   * Copies the values in. With `strict: false` missing and unexpected names are passed over; a wrong shape never is.
   * @throws NoduleTrainError `state-dict` naming every key that does not fit
   */
  loadStateDict(state: StateDict, options: { strict?: boolean } = {}): this {
    copyStateDict(this.stateDict(), state, options.strict !== false);
    return this;
  }

  /** Batch statistics and dropout on. */
  train(on = true): this {
    this.#training = on;
    for (const [, child] of this.namedChildren()) child.train(on);
    return this;
  }
  eval(): this {
    return this.train(false);
  }

  /** Changes dtype (of floating-point tensors) or device in place: the Tensors stay the same objects. */
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
