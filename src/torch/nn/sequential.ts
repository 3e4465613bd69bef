import { NoduleTrainError } from '../../runtime/index.js';
import { carryModes } from '../autograd/modes.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/** Modules in sequence, named 0, 1, … in the state_dict; made by {@link sequential}. */
export class Sequential extends Module {
  readonly #modules: readonly Module[];

  constructor(modules: readonly Module[]) {
    super();
    const wrong = modules.findIndex((module) => !(module instanceof Module));
    if (wrong >= 0)
      throw new NoduleTrainError(
        'layer-options',
        `nn.sequential: argument ${wrong} is ${typeof modules[wrong]}, expected a Module (nn.relu(), not nn.relu)`,
      );
    this.#modules = [...modules];
  }

  get length(): number {
    return this.#modules.length;
  }
  /** Returns a module by its position; a negative one counts from the end. */
  at(index: number): Module | undefined {
    return this.#modules.at(index);
  }
  override namedChildren(): [string, Module][] {
    return this.#modules.map((module, i) => [String(i), module]);
  }
  forward(input: Tensor): Tensor {
    return this.#modules.reduce<Tensor>((x, module) => module.forward(x), input);
  }
  /** As `forward`; results between the modules are freed as soon as they were used. */
  override async forwardAsync(input: Tensor): Promise<Tensor> {
    const underModes = carryModes();
    let x = input;
    for (const module of this.#modules) {
      const before = x;
      try {
        x = await underModes(() => module.forwardAsync(before));
      } finally {
        if (before !== input && before !== x) before.dispose();
      }
    }
    return x;
  }
}

/** Makes PyTorch's `nn.Sequential`. @throws NoduleTrainError `layer-options` */
export const sequential = (...modules: Module[]): Sequential => new Sequential(modules);
