import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

export class Relu extends Module {
  forward(input: Tensor): Tensor {
    return input.relu();
  }
}

export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return input.sigmoid();
  }
}

/** max(x, 0). PyTorch's `nn.ReLU`. */
export const relu = (): Relu => new Relu();
/** 1 / (1 + exp(-x)). PyTorch's `nn.Sigmoid`. */
export const sigmoid = (): Sigmoid => new Sigmoid();
