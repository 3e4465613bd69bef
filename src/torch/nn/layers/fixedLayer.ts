import type { OperatorArgument } from '../../operators/operatorArguments.js';
import type { Tensor } from '../../tensor/tensor.js';
import { OperatorLayer, type OperatorPair } from './operatorLayer.js';

/** A layer without parameters: an operator with arguments that do not change. */
export abstract class FixedLayer extends OperatorLayer {
  readonly #operator: OperatorPair;
  readonly #rest: readonly OperatorArgument[];
  readonly #description: string;

  constructor(operator: OperatorPair, rest: readonly OperatorArgument[] = [], description = '') {
    super();
    this.#operator = operator;
    this.#rest = rest;
    this.#description = description;
  }
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    return [this.#operator, [input, ...this.#rest]];
  }
  override extraRepr(): string {
    return this.#description;
  }
}
