import { NoduleTrainError } from '../../runtime/index.js';
import type { Tensor } from '../tensor/tensor.js';
import { Optimizer, type Rule } from './optimizer.js';

export interface AdamOptions {
  lr?: number;
  betas?: readonly [number, number];
  eps?: number;
  weightDecay?: number;
  amsgrad?: boolean;
  maximize?: boolean;
}

export interface SgdOptions {
  lr?: number;
  momentum?: number;
  dampening?: number;
  weightDecay?: number;
  nesterov?: boolean;
  maximize?: boolean;
}

const refuse = (rule: Rule, what: string): never => {
  throw new NoduleTrainError('optimizer', `optim.${rule}: ${what}`);
};

const checkNumbers = (rule: Rule, numbers: Record<string, number>): void => {
  for (const [name, value] of Object.entries(numbers))
    if (!(Number.isFinite(value) && value >= 0)) refuse(rule, `${name} is ${value}, wanted is a finite number from 0`);
};

const adamLike = (rule: 'adam' | 'adamW', defaultDecay: number) => {
  return (parameters: Iterable<Tensor>, options: AdamOptions = {}): Optimizer => {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = defaultDecay } = options;
    const [beta1, beta2] = betas;
    checkNumbers(rule, { lr, beta1, beta2, eps, weightDecay });
    if (beta1 >= 1 || beta2 >= 1) refuse(rule, `betas are [${betas}], wanted are numbers from 0 to below 1`);
    return new Optimizer(rule, parameters, {
      lr,
      beta1,
      beta2,
      eps,
      weightDecay,
      amsgrad: options.amsgrad ?? false,
      maximize: options.maximize ?? false,
    });
  };
};

/** Adam (Kingma and Ba, 2015) as PyTorch's: lr 1e-3, betas 0.9 and 0.999, eps 1e-8, weight decay added to the gradient. */
export const adam = adamLike('adam', 0);

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019) as PyTorch's: weight decay 1e-2. */
export const adamW = adamLike('adamW', 1e-2);

/** Stochastic gradient descent as PyTorch's, with momentum, dampening and Nesterov's momentum. */
export const sgd = (parameters: Iterable<Tensor>, options: SgdOptions = {}): Optimizer => {
  const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = options;
  checkNumbers('sgd', { lr, momentum, dampening, weightDecay });
  if (nesterov && (momentum === 0 || dampening !== 0))
    refuse('sgd', `nesterov wants a momentum and no dampening, found momentum ${momentum} and dampening ${dampening}`);
  return new Optimizer('sgd', parameters, { lr, momentum, dampening, weightDecay, nesterov, maximize });
};
