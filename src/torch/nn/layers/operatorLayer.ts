import type { OperatorArgument } from '../../operators/operatorArguments.js';
import { lazyAsyncOp, lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import { Module } from '../module.js';

/** An operator on this thread and on the thread of asynchronous calls. */
export interface OperatorPair {
  readonly now: (...args: OperatorArgument[]) => Tensor;
  readonly later: (...args: OperatorArgument[]) => Promise<Tensor>;
}

export const operatorPair = (name: string): OperatorPair => ({ now: lazyOp(name), later: lazyAsyncOp(name) });

/** A layer that is one operator. */
export abstract class OperatorLayer extends Module {
  /** Returns the operator and its arguments. @throws NoduleTrainError `torch` if the input does not fit */
  protected abstract call(input: Tensor): readonly [operator: OperatorPair, args: OperatorArgument[]];

  forward(input: Tensor): Tensor {
    const [operator, args] = this.call(input);
    return operator.now(...args);
  }
  override async forwardAsync(input: Tensor): Promise<Tensor> {
    const [operator, args] = this.call(input);
    return operator.later(...args);
  }
}
