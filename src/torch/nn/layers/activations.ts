import type { OperatorArgument } from '../../operators/operatorArguments.js';
import type { Tensor } from '../../tensor/tensor.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';

const reluPair = operatorPair('aten::relu');
const sigmoidPair = operatorPair('aten::sigmoid');

/** max(x, 0); made by {@link relu}. */
export class Relu extends OperatorLayer {
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    return [reluPair, [input]];
  }
}

/** 1 / (1 + exp(-x)); made by {@link sigmoid}. */
export class Sigmoid extends OperatorLayer {
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    return [sigmoidPair, [input]];
  }
}

/** Makes a layer max(x, 0), PyTorch's `nn.ReLU`. */
export const relu = (): Relu => new Relu();
/** Makes a layer 1 / (1 + exp(-x)), PyTorch's `nn.Sigmoid`. */
export const sigmoid = (): Sigmoid => new Sigmoid();
