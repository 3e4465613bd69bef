import { carryModes } from '../../autograd/modes.js';
import type { Tensor } from '../../tensor/tensor.js';
import { isTensor } from '../../tensor/tensor.js';
import { type AnyModule, type Inputs, Module, members } from '../module.js';
import { checkModule } from './moduleList.js';

type InputOf<M> = M extends Module<infer Input, infer _> ? Input : never;
type OutputOf<M> = M extends Module<infer _, infer Output> ? Output : never;
/** Argument of the first of several modules; a Tensor if their number is not known. */
export type FirstInput<M extends readonly AnyModule[]> = M extends readonly [infer First, ...unknown[]]
  ? InputOf<First>
  : M extends readonly []
    ? Tensor
    : InputOf<M[number]>;
/** Result of the last of several modules. */
export type LastOutput<M extends readonly AnyModule[]> = M extends readonly [...unknown[], infer Last]
  ? OutputOf<Last>
  : M extends readonly []
    ? Tensor
    : OutputOf<M[number]>;

/** The module at a position, where its type is known. */
export type ModuleAt<M extends readonly AnyModule[], Index extends number> = `${Index}` extends keyof M
  ? M[Index]
  : M[number] | undefined;

/** How `sequential` calls one of its modules: with the result of the one before. */
type Step = Module<unknown, unknown>;

/** Modules in sequence, named 0, 1, … in the state_dict; made by {@link sequential}. */
export class Sequential<
  Input = Tensor,
  Output = Tensor,
  Modules extends readonly AnyModule[] = readonly AnyModule[],
> extends Module<Input, Output> {
  readonly #modules: readonly Step[];

  constructor(modules: Modules) {
    super();
    this.#modules = Array.from(modules, (module, i) => checkModule('nn.sequential', `argument ${i}`, module) as Step);
  }

  get length(): number {
    return this.#modules.length;
  }
  /** Returns a module by its position; a negative one counts from the end. */
  at<const Index extends number>(index: Index): ModuleAt<Modules, Index> {
    return this.#modules.at(index) as unknown as ModuleAt<Modules, Index>;
  }
  [Symbol.iterator](): IterableIterator<Modules[number]> {
    return this.#modules.values() as IterableIterator<Modules[number]>;
  }
  override *[members](): Generator<[string | symbol, unknown]> {
    for (const [i, module] of this.#modules.entries()) yield [String(i), module];
    yield* super[members]();
  }
  forward(...[input]: Inputs<Input>): Output {
    let x: unknown = input;
    for (const module of this.#modules) x = module.forward(x);
    return x as Output;
  }
  /** As `forward`; results between the modules are freed as soon as they were used. */
  override async forwardAsync(...[input]: Inputs<Input>): Promise<Output> {
    const underModes = carryModes();
    let x: unknown = input;
    for (const module of this.#modules) {
      const before = x;
      try {
        x = await underModes(() => module.forwardAsync(before));
      } finally {
        if (isTensor(before) && before !== input && before !== x) before.dispose();
      }
    }
    return x as Output;
  }
}

/**
 * Makes PyTorch's `nn.Sequential`. Its types are the argument of the first module and the result of the last.
 * @throws NoduleTrainError `module` if an argument is not a Module
 */
export const sequential = <const M extends readonly AnyModule[]>(
  ...modules: M
): Sequential<FirstInput<M>, LastOutput<M>, M> => new Sequential(modules);
