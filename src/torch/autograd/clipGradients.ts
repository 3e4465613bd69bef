import { NoduleTrainError } from '../../runtime/index.js';
import { op } from '../operators/operators.js';
import { scope } from '../scope.js';
import { shown } from '../shown.js';
import { zeros } from '../tensor/create.js';
import { isTensor, type Tensor } from '../tensor/tensor.js';
import { noGrad } from './modes.js';

/** Options of `clipGradNorm`. */
export interface ClipNormOptions {
  /** Order of the norm; default 2, `Infinity` for the largest absolute value. */
  normType?: number | undefined;
  /** Throws if the norm is not finite. Reads it from the device; otherwise nothing is read. */
  errorIfNonfinite?: boolean | undefined;
}

/** Added to the norm, as PyTorch does. */
const EPSILON = 1e-6;

const fail = (what: string, found: string): never => {
  throw new NoduleTrainError('torch', `${what}: ${found}`);
};

const requireLimit = (what: string, limit: number): void => {
  if (!(typeof limit === 'number' && limit >= 0))
    fail(what, `the limit is ${shown(limit)}, expected a number of at least 0`);
};

const gradientsOf = (what: string, parameters: Tensor | Iterable<Tensor>): Tensor[] => {
  if (isTensor(parameters)) return parameters.grad === null ? [] : [parameters.grad];
  if (typeof parameters?.[Symbol.iterator] !== 'function')
    fail(what, `found ${parameters === null ? 'null' : typeof parameters}, expected the parameters`);
  return [...parameters].flatMap((parameter, i) => {
    if (!isTensor(parameter)) fail(what, `parameter ${i} is ${typeof parameter}, expected a Tensor`);
    return parameter.grad === null ? [] : [parameter.grad];
  });
};

/** Lists of the same device and dtype, which one call of a `_foreach` operator takes. */
const grouped = (tensors: readonly Tensor[]): Tensor[][] => {
  const groups = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const key = `${tensor.device} ${tensor.dtype}`;
    groups.set(key, [...(groups.get(key) ?? []), tensor]);
  }
  return [...groups.values()];
};

const foreach = (name: string) => op(`aten::_foreach_${name}`, { unsafe: true });

/**
 * Scales all gradients so that their joint norm is at most `maxNorm` (Pascanu, Mikolov and Bengio 2013), as PyTorch's
 * `clip_grad_norm_`. Parameters without a gradient are skipped.
 *
 * @returns the norm before, a 0-dim tensor; 0 without gradients
 * @throws NoduleTrainError `torch` for a limit below 0 and, with `errorIfNonfinite`, for a norm that is not finite
 */
export function clipGradNorm(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  { normType = 2, errorIfNonfinite = false }: ClipNormOptions = {},
): Tensor {
  requireLimit('clipGradNorm', maxNorm);
  if (!(typeof normType === 'number' && normType > 0))
    fail('clipGradNorm', `normType is ${shown(normType)}, expected a number above 0`);
  const gradients = gradientsOf('clipGradNorm', parameters);
  const [first] = gradients;
  if (first === undefined) return zeros([]);
  return noGrad(() =>
    scope(() => {
      const groups = grouped(gradients);
      const norms = groups.flatMap((group) => foreach('norm.Scalar')(group, normType) as Tensor[]);
      const { device } = first;
      const together = norms.map((norm) => (norm.device === device ? norm : norm.to(device)));
      const total: Tensor = op('aten::linalg_vector_norm')(op('aten::stack')(together), normType);
      if (errorIfNonfinite && !op('aten::isfinite')(total).item())
        fail(
          'clipGradNorm',
          `the norm of order ${normType} of the gradients is ${total.item()}, expected a finite one`,
        );
      const factor: Tensor = op('aten::mul')(total.add(EPSILON).pow(-1), maxNorm).clamp(null, 1);
      for (const group of groups) foreach('mul_.Tensor')(group, factor.to(group[0]!.device));
      return total;
    }),
  );
}

/**
 * Clamps every value of the gradients to −`limit` … `limit`, as PyTorch's `clip_grad_value_`.
 * @throws NoduleTrainError `torch` for a limit below 0
 */
export function clipGradValue(parameters: Tensor | Iterable<Tensor>, limit: number): void {
  requireLimit('clipGradValue', limit);
  noGrad(() => {
    for (const group of grouped(gradientsOf('clipGradValue', parameters))) {
      foreach('clamp_min_.Scalar')(group, -limit);
      foreach('clamp_max_.Scalar')(group, limit);
    }
  });
}
