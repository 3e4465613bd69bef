import { NoduleTrainError } from '../../../runtime/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import { markOf, parameter } from '../marks.js';
import { members } from '../module.js';
import { Container, itemsOf } from './moduleList.js';
import { checkName, type NamedItems, namedItems } from './namedItems.js';

/** A plain Tensor becomes a parameter, a marked one stays what it is. */
const marked = (tensor: Tensor): Tensor =>
  typeof tensor === 'object' && tensor !== null && markOf(tensor) !== undefined ? tensor : parameter(tensor);

/** A list of parameters, named 0, 1, … in the state_dict; made by {@link parameterList}. */
export class ParameterList extends Container implements Iterable<Tensor> {
  readonly #tensors: Tensor[];

  constructor(tensors: Iterable<Tensor> = []) {
    super();
    this.#tensors = itemsOf('nn.parameterList', tensors).map(marked);
  }

  get length(): number {
    return this.#tensors.length;
  }
  /** Returns a parameter by its position; a negative one counts from the end. */
  at(index: number): Tensor | undefined {
    return this.#tensors.at(index);
  }
  /** Puts another parameter in the place of one. @throws NoduleTrainError `module` outside the list */
  set(index: number, tensor: Tensor): this {
    const place = index < 0 ? this.length + index : index;
    if (!Number.isInteger(place) || place < 0 || place >= this.length)
      throw new NoduleTrainError(
        'module',
        `parameterList.set: the position is ${index}, expected one of ${this.length}`,
      );
    this.#tensors[place] = marked(tensor);
    return this;
  }
  /** Adds a parameter at the end. */
  append(tensor: Tensor): this {
    this.#tensors.push(marked(tensor));
    return this;
  }
  /** Adds parameters at the end. */
  extend(tensors: Iterable<Tensor>): this {
    this.#tensors.push(...itemsOf('nn.parameterList', tensors).map(marked));
    return this;
  }
  [Symbol.iterator](): IterableIterator<Tensor> {
    return this.#tensors.values();
  }
  override *[members](): Generator<[string | symbol, unknown]> {
    for (const [i, tensor] of this.#tensors.entries()) yield [String(i), tensor];
    yield* super[members]();
  }
}

/** Parameters by name, in the order of their insertion; made by {@link parameterDict}. */
export class ParameterDict<Name extends string = string> extends Container {
  readonly #tensors = new Map<string, Tensor>();

  constructor(tensors: NamedItems<Tensor> = {}) {
    super();
    for (const [name, tensor] of namedItems('nn.parameterDict', tensors)) this.#tensors.set(name, marked(tensor));
  }

  get size(): number {
    return this.#tensors.size;
  }
  get(name: Name): Tensor {
    return this.#tensors.get(name) as Tensor;
  }
  has(name: string): boolean {
    return this.#tensors.has(name);
  }
  /** Adds a parameter or puts it in the place of another. @throws NoduleTrainError `module` if the name has a point */
  set(name: Name, tensor: Tensor): this {
    this.#tensors.set(checkName('parameterDict.set', name), marked(tensor));
    return this;
  }
  /** Removes a parameter. Returns whether there was one. */
  delete(name: string): boolean {
    return this.#tensors.delete(name);
  }
  keys(): IterableIterator<Name> {
    return this.#tensors.keys() as IterableIterator<Name>;
  }
  values(): IterableIterator<Tensor> {
    return this.#tensors.values();
  }
  /** Pairs of name and parameter. */
  items(): IterableIterator<[Name, Tensor]> {
    return this.#tensors.entries() as IterableIterator<[Name, Tensor]>;
  }
  [Symbol.iterator](): IterableIterator<[Name, Tensor]> {
    return this.items();
  }
  override *[members](): Generator<[string | symbol, unknown]> {
    yield* this.#tensors;
    yield* super[members]();
  }
}

/** Makes PyTorch's `nn.ParameterList`: plain Tensors become parameters. @throws NoduleTrainError `module` */
export const parameterList = (tensors: Iterable<Tensor> = []): ParameterList => new ParameterList(tensors);

/** Makes PyTorch's `nn.ParameterDict` of a plain object, a Map or pairs. @throws NoduleTrainError `module` */
export function parameterDict<const Name extends string>(
  tensors: {
    readonly [name in Name]: Tensor;
  },
): ParameterDict<Name>;
export function parameterDict(tensors?: NamedItems<Tensor>): ParameterDict;
export function parameterDict(tensors: NamedItems<Tensor> = {}): ParameterDict {
  return new ParameterDict(tensors);
}
