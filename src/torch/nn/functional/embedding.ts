import { noGrad } from '../../autograd/modes.js';
import { lazyOp } from '../../operators/operators.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkTensor, functionalError, readOptions } from './options.js';

const applyEmbedding = lazyOp('aten::embedding');
const renorm = lazyOp('aten::embedding_renorm_');
const applyOneHot = lazyOp('aten::one_hot');
const applyCosineSimilarity = lazyOp('aten::cosine_similarity');
const applyPairwiseDistance = lazyOp('aten::pairwise_distance');

export interface EmbeddingFunctionOptions {
  /** Row without gradient; a negative one counts from the end. */
  paddingIdx?: number | null | undefined;
  /** Shorten longer rows to this norm, in `weight` itself. */
  maxNorm?: number | null | undefined;
  /** Exponent of that norm; default 2. */
  normType?: number | undefined;
  /** Divide the gradient of a row by how often it occurs. */
  scaleGradByFreq?: boolean | undefined;
}
export const EMBEDDING_OPTIONS = ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq'] as const;

/** Shortens the rows that `input` names to a norm, in `weight` itself. */
export const shortenRows = (weight: Tensor, input: Tensor, maxNorm: number, normType: number): void => {
  scope(() => void noGrad(() => renorm(weight.detach(), input.contiguous(), maxNorm, normType)));
};

/** Takes rows of `weight`. @param input integers [...] @param weight [rows, E] @returns [..., E] */
export const embedding = (input: Tensor, weight: Tensor, options?: EmbeddingFunctionOptions): Tensor => {
  const name = 'embedding';
  const { paddingIdx, maxNorm, normType = 2, scaleGradByFreq = false } = readOptions(name, options, EMBEDDING_OPTIONS);
  checkTensor(name, 'the input', input);
  const rows = checkTensor(name, 'the weight', weight).shape[0] ?? 0;
  if (weight.dim !== 2) throw functionalError(name, `the weight is of shape [${weight.shape}], expected [rows, E]`);
  let padding = -1;
  if (paddingIdx !== null && paddingIdx !== undefined) {
    padding = paddingIdx < 0 ? rows + paddingIdx : paddingIdx;
    if (!Number.isInteger(padding) || padding < 0 || padding >= rows)
      throw functionalError(name, `paddingIdx is ${paddingIdx}, expected an integer from ${-rows} to ${rows - 1}`);
  }
  if (maxNorm !== null && maxNorm !== undefined) shortenRows(weight, input, maxNorm, normType);
  return applyEmbedding(weight, input, padding, scaleGradByFreq, false);
};

/** Makes int64 [..., classes] of labels [...]. @param classes default: the largest label and one */
export const oneHot = (input: Tensor, classes = -1): Tensor => applyOneHot(input, classes);

/** Cosine of the angle between vectors along a dimension. */
export const cosineSimilarity = (
  x1: Tensor,
  x2: Tensor,
  options?: { dim?: number | undefined; eps?: number | undefined },
): Tensor => {
  const { dim = 1, eps = 1e-8 } = readOptions('cosineSimilarity', options, ['dim', 'eps']);
  return applyCosineSimilarity(x1, x2, dim, eps);
};

/** Norm of the difference of vectors along the last dimension. */
export const pairwiseDistance = (
  x1: Tensor,
  x2: Tensor,
  options?: { p?: number | undefined; eps?: number | undefined; keepdim?: boolean | undefined },
): Tensor => {
  const { p = 2, eps = 1e-6, keepdim = false } = readOptions('pairwiseDistance', options, ['p', 'eps', 'keepdim']);
  return applyPairwiseDistance(x1, x2, p, eps, keepdim);
};
