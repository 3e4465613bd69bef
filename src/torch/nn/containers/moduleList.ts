import { NoduleTrainError } from '../../../runtime/index.js';
import { type AnyModule, Module, members } from '../module.js';

export const checkModule = <M extends AnyModule>(what: string, place: string, value: M): M => {
  if (!(value instanceof Module))
    throw new NoduleTrainError(
      'layer-options',
      `${what}: ${place} is ${value === null ? 'null' : typeof value}, expected a Module (nn.relu(), not nn.relu)`,
    );
  return value;
};

/** Returns the items of an iterable. @throws NoduleTrainError `layer-options` */
export const itemsOf = <T>(what: string, items: Iterable<T>): T[] => {
  if (typeof items !== 'object' || items === null || typeof items[Symbol.iterator] !== 'function')
    throw new NoduleTrainError(
      'layer-options',
      `${what}: found ${items === null ? 'null' : typeof items}, expected an array or another iterable`,
    );
  return [...items];
};

/** What all containers share: they hold modules, and have no `forward` of their own. */
export abstract class Container extends Module<never, never> {
  forward(): never {
    throw new NoduleTrainError(
      'module',
      `${this.constructor.name}.forward: it holds modules and computes nothing, expected a call of forward of its ` +
        'modules. Use nn.sequential for modules that run one after the other.',
    );
  }
  override async forwardAsync(): Promise<never> {
    return this.forward();
  }
}

/** A list of modules, named 0, 1, … in the state_dict; made by {@link moduleList}. */
export class ModuleList<M extends AnyModule = Module> extends Container implements Iterable<M> {
  readonly #modules: M[] = [];

  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  get length(): number {
    return this.#modules.length;
  }
  /** Returns a module by its position; a negative one counts from the end. */
  at(index: number): M | undefined {
    return this.#modules.at(index);
  }
  /** Puts another module in the place of one. @throws NoduleTrainError `module` outside the list */
  set(index: number, module: M): this {
    this.#modules[this.#place(index, this.length - 1)] = checkModule('moduleList.set', 'the module', module);
    return this;
  }
  /** Adds a module at the end. */
  append(module: M): this {
    return this.extend([module]);
  }
  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    const added = itemsOf('nn.moduleList', modules);
    for (const [i, module] of added.entries()) checkModule('nn.moduleList', `element ${i}`, module);
    this.#modules.push(...added);
    return this;
  }
  /** Adds a module before the one at a position. */
  insert(index: number, module: M): this {
    this.#modules.splice(this.#place(index, this.length), 0, checkModule('moduleList.insert', 'the module', module));
    return this;
  }
  /** Removes a module, by default the last one, and returns it. */
  pop(index = -1): M {
    return this.#modules.splice(this.#place(index, this.length - 1), 1)[0]!;
  }
  [Symbol.iterator](): IterableIterator<M> {
    return this.#modules.values();
  }

  #place(index: number, last: number): number {
    const place = index < 0 ? this.length + index : index;
    if (!Number.isInteger(place) || place < 0 || place > last)
      throw new NoduleTrainError(
        'module',
        `moduleList: the position is ${index}, expected one of ${this.length} modules`,
      );
    return place;
  }
  override *[members](): Generator<[string | symbol, unknown]> {
    for (const [i, module] of this.#modules.entries()) yield [String(i), module];
    yield* super[members]();
  }
}

/** Makes PyTorch's `nn.ModuleList`. @throws NoduleTrainError `module` if an element is not a Module */
export const moduleList = <M extends AnyModule = Module>(modules: Iterable<M> = []): ModuleList<M> =>
  new ModuleList(modules);
