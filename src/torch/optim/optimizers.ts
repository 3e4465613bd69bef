import { NoduleTrainError } from '../../runtime/index.js';
import { shown } from '../shown.js';
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

const NAMES: Record<Rule, readonly string[]> = {
  adam: ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad', 'maximize'],
  adamW: ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad', 'maximize'],
  sgd: ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov', 'maximize'],
};

/** Refuses options that would be ignored: a misspelled one, or one in Python's spelling (`weight_decay`). */
const checkNames = (rule: Rule, options: object): void => {
  if (typeof options !== 'object' || options === null)
    refuse(rule, `found ${shown(options)}, expected an object of options`);
  const unknown = Object.keys(options).find((name) => !NAMES[rule].includes(name));
  if (unknown !== undefined) refuse(rule, `found the option ${unknown}, expected ${NAMES[rule].join(', ')}`);
};

const checkNumbers = (rule: Rule, numbers: Record<string, number>): void => {
  for (const [name, value] of Object.entries(numbers))
    if (!(Number.isFinite(value) && value >= 0))
      refuse(rule, `${name} is ${shown(value)}, expected a finite number of at least 0`);
};

const adamLike = (rule: 'adam' | 'adamW', defaultDecay: number) => {
  return (parameters: Iterable<Tensor>, options: AdamOptions = {}): Optimizer => {
    checkNames(rule, options);
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = defaultDecay } = options;
    const [beta1, beta2] = betas;
    checkNumbers(rule, { lr, beta1, beta2, eps, weightDecay });
    if (beta1 >= 1 || beta2 >= 1) refuse(rule, `betas are [${betas}], expected numbers from 0 to below 1`);
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

/**
 * Makes an Adam optimizer (Kingma and Ba 2015, arXiv 1412.6980) with PyTorch's defaults: lr 1e-3, betas 0.9 and 0.999,
 * eps 1e-8. Weight decay is added to the gradient.
 * @throws NoduleTrainError `optimizer`
 */
export const adam = adamLike('adam', 0);

/**
 * Makes an Adam optimizer with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101) and PyTorch's
 * defaults: those of {@link adam}, weight decay 1e-2.
 * @throws NoduleTrainError `optimizer`
 */
export const adamW = adamLike('adamW', 1e-2);

/**
 * Makes a stochastic gradient descent optimizer as PyTorch's: lr 1e-3, optional momentum, dampening and Nesterov
 * momentum.
 * @throws NoduleTrainError `optimizer`
 */
export const sgd = (parameters: Iterable<Tensor>, options: SgdOptions = {}): Optimizer => {
  checkNames('sgd', options);
  const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = options;
  checkNumbers('sgd', { lr, momentum, dampening, weightDecay });
  if (nesterov && (momentum === 0 || dampening !== 0))
    refuse(
      'sgd',
      `nesterov is set with momentum ${momentum} and dampening ${dampening}, ` +
        'expected a momentum above 0 and dampening 0',
    );
  return new Optimizer('sgd', parameters, { lr, momentum, dampening, weightDecay, nesterov, maximize });
};
