import { type InspectOptions, inspect } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import { refusePromise } from '../scope.js';
import { shown } from '../shown.js';
import type { Device, DType } from '../tensor/dtype.js';
import { isDType } from '../tensor/dtype.js';
import { isTensor, shapeChanged, slotOf, type Tensor } from '../tensor/tensor.js';
import { torchError } from '../torchError.js';
import { findHidden, someElement } from './findHidden.js';
import { addForwardHook } from './forwardHooks.js';
import { buffer, markOf } from './marks.js';
import { type InspectedModule, printModule } from './printModule.js';
import { copyStateDict, type LoadStateDictOptions, type StateDict, type StateDictKeys } from './stateDict.js';

const THREAD_BOUND = Symbol("a Module belongs to its thread, post its tensors' share() and load them there");

/** More names in a state are taken as a fault: shared modules inside shared modules double at each level. */
const MOST_MODULES = 2 ** 17;

export interface ModuleEntry {
  /** Name in Python's state_dict. */
  name: string;
  tensor: Tensor;
  buffer: boolean;
  /** Whether it belongs to the state_dict. */
  persistent: boolean;
}

/** Arguments of `forward`: a tuple lists several, any other type is that of the only one. */
export type Inputs<Input> = [Input] extends [readonly unknown[]] ? Input : [input: Input];

/** A Module with any arguments and any result. */
export type AnyModule = Module<never, unknown>;

/** Function for `registerForwardHook`. */
export type ForwardHook<M extends AnyModule> = (
  module: M,
  inputs: Parameters<M['forward']>,
  output: ReturnType<M['forward']>,
) => ReturnType<M['forward']> | undefined;

/** Name of the method by which a Module with members outside its fields lists them. Internal. */
export const members = Symbol('members');

interface Members {
  tensors: { name: string; tensor: Tensor; mark: 'parameter' | 'buffer' | 'transient' }[];
  children: [name: string, module: AnyModule][];
  /** Objects in which modules and parameters would be lost. */
  others: [name: string, container: object][];
}

interface Visit extends Members {
  /** '' or ending in a point. */
  prefix: string;
  module: AnyModule;
  above: Visit | null;
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : value instanceof Module ? `a ${value.constructor.name}` : typeof value;

/**
 * Base class of everything with parameters. A subclass assigns `parameter(…)`, `buffer(…)`, Modules or arrays of
 * either to its fields, whose names become the names in the state_dict, and defines `forward`. Anything deeper needs
 * `moduleList`, `moduleDict`, `parameterList` or `parameterDict`. Nothing can see what a `#private` field holds.
 *
 * @typeParam Input type of the only argument of `forward`, or a tuple of the types of several
 * @typeParam Output type of its result
 */
export abstract class Module<Input = Tensor, Output = Tensor> {
  #training = true;
  /** Modules whose `train` is running, which a module that contains itself would call again. */
  static readonly #switching = new Set<AnyModule>();
  /** Parameters and buffers that the last listing found. */
  #known = new Map<string, 'parameter' | 'buffer' | 'transient'>();

  // postMessage would clone a Module without its parameters. A symbol cannot be cloned, and the error shows its text.
  protected readonly threadBound: symbol = THREAD_BOUND;

  abstract forward(...inputs: Inputs<Input>): Output;

  /**
   * As `forward`, but off this thread, so that the event loop continues. Asynchronous calls run one after the other, in
   * order, with grad mode and autocast as at the call. Inputs may be disposed at once. Until the promise resolves
   * nothing may write to the inputs, the parameters or the buffers (no optimizer step, no `train()`). The result
   * belongs to no scope.
   * @throws NoduleTrainError `no-async-forward` if a subclass has a `forward` in JavaScript and no `forwardAsync`
   */
  async forwardAsync(..._inputs: Inputs<Input>): Promise<Output> {
    throw new NoduleTrainError(
      'no-async-forward',
      `${this.constructor.name}.forwardAsync: its forward is JavaScript and runs on this thread. ` +
        'Define a forwardAsync that awaits those of its parts, or call forward in a worker.',
    );
  }

  get training(): boolean {
    return this.#training;
  }

  /** Lists what the Module holds, by name. A subclass that keeps members elsewhere adds them. Internal. */
  *[members](): Generator<[name: string | symbol, value: unknown]> {
    for (const name of Object.keys(this)) yield [name, Object.getOwnPropertyDescriptor(this, name)?.value];
    for (const name of Object.getOwnPropertySymbols(this))
      yield [name, Object.getOwnPropertyDescriptor(this, name)?.value];
  }

  #fault(place: string, found: string, advice: string): NoduleTrainError {
    return new NoduleTrainError('module', `${this.constructor.name}: ${place} is ${found}, ${advice}`);
  }

  /** Runs `read`, and names this module in what a proxy or an iterator of the user throws. */
  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof NoduleTrainError) throw cause;
      const text = cause instanceof Error ? cause.message : typeof cause;
      throw new NoduleTrainError('module', `${this.constructor.name}: reading its fields failed: ${text}`, { cause });
    }
  }

  #members(): Members {
    return this.#reading(() => this.#listMembers());
  }

  #listMembers(): Members {
    const listed: Members = { tensors: [], children: [], others: [] };
    const known = new Map<string, 'parameter' | 'buffer' | 'transient'>();
    const isMember = (value: unknown): value is object =>
      value instanceof Module || (isTensor(value) && markOf(value) !== undefined);
    const add = (name: string, value: object): void => {
      if (value instanceof Module) listed.children.push([name, value]);
      else if (isTensor(value)) {
        const mark = markOf(value)!;
        known.set(name, mark);
        listed.tensors.push({ name, tensor: value, mark });
      }
    };
    for (const [key, value] of this[members]()) {
      if (typeof value !== 'object' || value === null) continue;
      const name = String(key);
      if (isMember(value)) {
        if (typeof key === 'symbol' || name === '' || name.includes('.'))
          throw this.#fault(
            `the field ${typeof key === 'symbol' ? name : `'${name}'`}`,
            `${kindOf(value)} without a name for the state_dict`,
            'expected a name that is not empty and has no point',
          );
        add(name, value);
      } else if (isTensor(value)) this.#stillMarked(name, value, add);
      else if (Array.isArray(value)) {
        const items: unknown[] = [];
        let found = false;
        someElement(value, (item) => {
          items.push(item);
          found ||= isMember(item);
          return !found && items.length > MOST_MODULES;
        });
        if (!found) listed.others.push([name, value]);
        else
          for (const [i, item] of items.entries()) {
            // It would be missing from the state and from training without a warning.
            if (!isMember(item))
              throw this.#fault(
                `${name}[${i}]`,
                kindOf(item),
                'expected a Module or a parameter: an array with Modules or parameters may hold nothing else',
              );
            add(`${name}.${i}`, item);
          }
      } else listed.others.push([name, value]);
    }
    this.#known = known;
    return listed;
  }

  /** A plain Tensor that replaces a buffer becomes it, as in PyTorch; one that replaces a parameter is refused. */
  #stillMarked(name: string, tensor: Tensor, add: (name: string, tensor: Tensor) => void): void {
    const before = this.#known.get(name);
    if (before === undefined) return;
    if (before === 'parameter')
      throw this.#fault(name, 'a plain Tensor and was a parameter', 'expected nn.parameter(…) or null');
    add(name, buffer(tensor, { persistent: before === 'buffer' }));
  }

  /**
   * Lists this module and its descendants, each before its own.
   * @param repeats list a module again under each of its names
   */
  #visit(repeats: boolean): Visit[] {
    const visits: Visit[] = [];
    const seen = new Set<AnyModule>();
    const tensors = new Set<Tensor>();
    const open: Pick<Visit, 'prefix' | 'module' | 'above'>[] = [{ prefix: '', module: this, above: null }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { prefix, module, above } = next;
      if (seen.has(module)) {
        if (!repeats) continue;
        for (let up = above; up !== null; up = up.above)
          if (up.module === module)
            throw this.#fault(
              prefix.slice(0, -1),
              `${up.prefix === '' ? 'the module' : up.prefix.slice(0, -1)} itself`,
              'expected no cycle. Keep a reference to an enclosing module in a #private field.',
            );
      }
      seen.add(module);
      if (visits.length >= MOST_MODULES)
        throw this.#fault('its tree', `more than ${MOST_MODULES} modules`, 'expected fewer modules inside each other');
      const visit: Visit = { prefix, module, above, ...module.#members() };
      visits.push(visit);
      for (const { tensor } of visit.tensors) tensors.add(tensor);
      for (const [name, child] of visit.children.toReversed())
        open.push({ prefix: `${prefix}${name}.`, module: child, above: visit });
    }
    for (const { prefix, others } of visits)
      for (const [name, container] of others) this.#refuseHidden(`${prefix}${name}`, container, seen, tensors);
    return visits;
  }

  #refuseHidden(path: string, container: object, modules: Set<AnyModule>, tensors: Set<Tensor>): void {
    const hidden = this.#reading(() =>
      findHidden(path, container, (value) =>
        value instanceof Module
          ? !modules.has(value)
          : isTensor(value) && markOf(value) !== undefined && !tensors.has(value),
      ),
    );
    if (hidden === undefined) return;
    const kind = markOf(hidden.value) === 'parameter' ? 'a parameter' : 'a buffer';
    throw this.#fault(
      hidden.path,
      `${isTensor(hidden.value) ? kind : kindOf(hidden.value)}` +
        ' inside a plain container, where it would neither be saved nor trained',
      'expected it in a field of a Module. Use nn.moduleList, nn.moduleDict, nn.parameterList or nn.parameterDict; ' +
        'a module that is not part of this one belongs in a #private field.',
    );
  }

  #entries(repeats: boolean): ModuleEntry[] {
    return this.#visit(repeats).flatMap(({ prefix, module, tensors }) => {
      const own = tensors.map(({ name, tensor, mark }) => ({
        name: prefix + name,
        tensor,
        buffer: mark !== 'parameter',
        persistent: mark !== 'transient',
      }));
      return [
        ...own.filter((entry) => !entry.buffer),
        ...own.filter((entry) => entry.buffer),
        ...module.nativeEntries().map((entry) => ({ ...entry, name: prefix + entry.name })),
      ];
    });
  }

  /** Parameters and buffers that native code owns. */
  protected nativeEntries(): readonly ModuleEntry[] {
    return [];
  }

  /** Returns parameters, buffers, then children: the order of Python's state_dict. Shared ones come with each name. */
  entries(): ModuleEntry[] {
    const entries = this.#entries(true);
    const names = new Set<string>();
    for (const { name } of entries) {
      if (names.has(name)) throw this.#fault(name, 'the name of two parameters or buffers', 'expected different names');
      names.add(name);
    }
    return entries;
  }

  #once(accepts: (entry: ModuleEntry) => boolean): Map<string, Tensor> {
    const seen = new Set<Tensor>();
    const found = new Map<string, Tensor>();
    for (const entry of this.#entries(false)) {
      if (!accepts(entry) || seen.has(entry.tensor)) continue;
      seen.add(entry.tensor);
      found.set(entry.name, entry.tensor);
    }
    return found;
  }

  /** Returns the parameters of this module and its descendants; a shared one comes once, under its first name. */
  namedParameters(): Map<string, Tensor> {
    return this.#once((entry) => !entry.buffer);
  }
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }
  /** Returns the buffers of this module and its descendants; a shared one comes once, under its first name. */
  namedBuffers(): Map<string, Tensor> {
    return this.#once((entry) => entry.buffer);
  }
  buffers(): Tensor[] {
    return [...this.namedBuffers().values()];
  }

  /** Returns this module under the name '' and its descendants by their names in the state_dict, each once. */
  namedModules(): Map<string, AnyModule> {
    return new Map(this.#visit(false).map(({ prefix, module }) => [prefix.slice(0, -1), module]));
  }
  modules(): AnyModule[] {
    return [...this.namedModules().values()];
  }
  /** Returns the modules that this one holds directly, each once, as pairs of name and module. */
  namedChildren(): [string, AnyModule][] {
    const seen = new Set<AnyModule>();
    return this.#members().children.filter(([, child]) => !seen.has(child) && seen.add(child));
  }
  children(): AnyModule[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /**
   * Calls `fn` with every descendant, children before parents, then with this module, and returns this module.
   * @throws NoduleTrainError `promise-in-scope` if `fn` returns a promise
   */
  apply(fn: (module: AnyModule) => void): this {
    this.#visit(true); // refuses cycles
    this.#apply(fn);
    return this;
  }
  #apply(fn: (module: AnyModule) => void): void {
    for (const child of new Set(this.#members().children.map(([, module]) => module))) child.#apply(fn);
    refusePromise('apply', fn(this));
  }

  /**
   * Calls `hook` with the arguments and the output of each `forward` and `forwardAsync` of this module, for example to
   * read an inner layer. What it returns, unless undefined, becomes the output.
   * @returns a function that removes the hook
   * @throws NoduleTrainError `module` unless it is a function; `promise-in-scope` from a call if it returns a promise
   */
  registerForwardHook<M extends AnyModule>(this: M, hook: ForwardHook<M>): () => void {
    return addForwardHook(this, hook as (module: never, inputs: never, output: never) => unknown);
  }

  /** Sets `requiresGrad` of every parameter and returns this module. */
  requiresGrad_(requires = true): this {
    for (const tensor of this.parameters()) tensor.requiresGrad = requires;
    return this;
  }

  /** Sets the gradients to null. */
  zeroGrad(): void {
    for (const tensor of this.parameters()) tensor.grad = null;
  }

  /** Returns the module's own tensors (not copies) by their names in Python's state_dict. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.entries().flatMap(({ name, tensor, persistent }) => (persistent ? [[name, tensor]] : [])));
  }

  /**
   * Copies values into the parameters and buffers, which stay the same objects.
   * @param options.strict false ignores missing and unexpected names, never a wrong shape
   * @param options.assign take dtype and device of the given tensors too
   * @returns the names that the state lacks, and those that only the state has
   * @throws NoduleTrainError `state-dict` naming every key that does not fit
   */
  loadStateDict(state: StateDict, options: LoadStateDictOptions = {}): StateDictKeys {
    return copyStateDict(this.stateDict(), state, options);
  }

  /** Switches this module and its descendants to training: batch statistics, dropout. */
  train(on = true): this {
    if (typeof on !== 'boolean')
      throw new NoduleTrainError('module', `train(): found ${typeof on}, expected a boolean`);
    if (Module.#switching.has(this)) return this;
    if (Module.#switching.size === 0) this.#visit(false); // refuses hidden modules, which would keep their mode
    Module.#switching.add(this);
    try {
      this.#training = on;
      for (const [, child] of this.#members().children) child.train(on);
    } finally {
      Module.#switching.delete(this);
    }
    return this;
  }
  /** Switches to evaluation: running statistics, no dropout. */
  eval(): this {
    return this.train(false);
  }

  /** Changes the dtype of floating-point tensors, or the device, in place: the Tensors stay the same objects. */
  to(target: DType | Device): this {
    if (typeof target !== 'string')
      throw new NoduleTrainError('torch', `to(): found ${shown(target)}, expected a dtype or a device, such as 'cuda'`);
    const [dtype, device] = isDType(target) ? [target, null] : [null, target];
    for (const tensor of this.#once(() => true).values()) {
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
    for (const { tensor } of this.#entries(false)) tensor.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Describes the options, for `util.inspect`; PyTorch's `extra_repr`. */
  extraRepr(): string {
    return '';
  }

  #inspected(above: ReadonlySet<AnyModule>): InspectedModule {
    const name = this.constructor.name;
    let listed: Members;
    let options: string;
    try {
      listed = this.#members();
      options = this.extraRepr();
    } catch (cause) {
      return { name, options: (cause as Error).message, tensors: [], children: [] };
    }
    const { tensors, children } = listed;
    const inside = new Set(above).add(this);
    return {
      name,
      options,
      tensors: [
        ...tensors.map(({ name, tensor, mark }) => ({ name, tensor, buffer: mark !== 'parameter' })),
        ...this.nativeEntries(),
      ],
      children: children.map(([name, child]) => [name, inside.has(child) ? null : child.#inspected(inside)]),
    };
  }
  [inspect.custom](depth: number, _options: InspectOptions): string {
    return depth < 0 ? `[${this.constructor.name}]` : printModule(this.#inspected(new Set()));
  }
}
