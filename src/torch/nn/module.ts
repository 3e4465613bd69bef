import type { Device, DType } from '../dtype.js';
import { isDType } from '../dtype.js';
import { native } from '../native.js';
import { keep } from '../scope.js';
import { isTensor, shapeChanged, slotOf, type Tensor } from '../tensor.js';
import { copyStateDict, type StateDict } from './stateDict.js';

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

  abstract forward(...inputs: any[]): any;

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
      if (Array.isArray(value) && value.length > 0 && value.every((item) => item instanceof Module))
        return value.map((item, i) => [`${name}.${i}`, item]);
      return [];
    });
  }

  parameters(): Tensor[] {
    return this.entries().flatMap((entry) => (entry.buffer ? [] : [entry.tensor]));
  }
  namedParameters(): Map<string, Tensor> {
    return new Map(this.entries().flatMap((entry) => (entry.buffer ? [] : [[entry.name, entry.tensor] as const])));
  }
  namedBuffers(): Map<string, Tensor> {
    return new Map(this.entries().flatMap((entry) => (entry.buffer ? [[entry.name, entry.tensor] as const] : [])));
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
      native().convertInPlace(slotOf(tensor), dtype, device);
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
