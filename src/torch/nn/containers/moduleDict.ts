import { type AnyModule, type Module, members } from '../module.js';
import { Container, checkModule } from './moduleList.js';
import { checkName, type NamedItems, namedItems } from './namedItems.js';

type Named = { readonly [name: string]: AnyModule };

/** Modules by name, in the order of their insertion; made by {@link moduleDict}. */
export class ModuleDict<Modules extends Named = { readonly [name: string]: Module }> extends Container {
  readonly #modules = new Map<string, AnyModule>();

  constructor(modules: NamedItems<AnyModule> = {}) {
    super();
    this.update(modules);
  }

  get size(): number {
    return this.#modules.size;
  }
  /** Returns a module by name, or undefined. */
  get<Name extends keyof Modules & string>(name: Name): Modules[Name] {
    return this.#modules.get(name) as Modules[Name];
  }
  has(name: string): boolean {
    return this.#modules.has(name);
  }
  /** Adds a module or puts it in the place of another. @throws NoduleTrainError `module` if the name has a point */
  set<Name extends keyof Modules & string>(name: Name, module: Modules[Name]): this {
    this.#modules.set(checkName('moduleDict.set', name), checkModule('moduleDict.set', name, module));
    return this;
  }
  /** Adds several modules. */
  update(modules: NamedItems<AnyModule>): this {
    const listed = namedItems('nn.moduleDict', modules);
    for (const [name, module] of listed) checkModule('nn.moduleDict', name, module);
    for (const [name, module] of listed) this.#modules.set(name, module);
    return this;
  }
  /** Removes a module. Returns whether there was one. */
  delete(name: string): boolean {
    return this.#modules.delete(name);
  }
  clear(): void {
    this.#modules.clear();
  }
  keys(): IterableIterator<keyof Modules & string> {
    return this.#modules.keys();
  }
  values(): IterableIterator<Modules[keyof Modules]> {
    return this.#modules.values() as IterableIterator<Modules[keyof Modules]>;
  }
  /** Pairs of name and module. */
  items(): IterableIterator<[keyof Modules & string, Modules[keyof Modules]]> {
    return this.#modules.entries() as IterableIterator<[string, Modules[keyof Modules]]>;
  }
  [Symbol.iterator](): IterableIterator<[keyof Modules & string, Modules[keyof Modules]]> {
    return this.items();
  }
  override *[members](): Generator<[string | symbol, unknown]> {
    yield* this.#modules;
    yield* super[members]();
  }
}

/**
 * Makes PyTorch's `nn.ModuleDict` of a plain object, a Map or pairs. A plain object lists names that are whole numbers
 * first and by size: give a Map or pairs if the order of such names matters.
 * @throws NoduleTrainError `module` if a value is not a Module, or a name is empty or has a point
 */
export function moduleDict<const Modules extends Named>(modules: Modules): ModuleDict<Modules>;
export function moduleDict<M extends AnyModule = Module>(
  modules?: Iterable<readonly [string, M]>,
): ModuleDict<{ readonly [name: string]: M }>;
export function moduleDict(modules: NamedItems<AnyModule> = {}): ModuleDict<Named> {
  return new ModuleDict<Named>(modules);
}
