import { lazyAsyncOp } from '../operators/operators.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

const reluAsync = lazyAsyncOp('aten::relu');
const sigmoidAsync = lazyAsyncOp('aten::sigmoid');

/** max(x, 0); made by {@link relu}. */
export class Relu extends Module {
  forward(input: Tensor): Tensor {
    return input.relu();
  }
  override forwardAsync(input: Tensor): Promise<Tensor> {
    return reluAsync(input);
  }
}

/** 1 / (1 + exp(-x)); made by {@link sigmoid}. */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return input.sigmoid();
  }
  override forwardAsync(input: Tensor): Promise<Tensor> {
    return sigmoidAsync(input);
  }
}

/** Makes a layer max(x, 0), PyTorch's `nn.ReLU`. */
export const relu = (): Relu => new Relu();
/** Makes a layer 1 / (1 + exp(-x)), PyTorch's `nn.Sigmoid`. */
export const sigmoid = (): Sigmoid => new Sigmoid();
