import { lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import { functionalError, readOptions } from './options.js';

const attention = lazyOp('aten::scaled_dot_product_attention');

export interface AttentionOptions {
  /** Added to the products, or booleans: true takes part. Of a shape that broadcasts to [..., L, S]. */
  attnMask?: Tensor | null | undefined;
  /** Probability to drop a weight, also outside training. */
  dropoutP?: number | undefined;
  /** Position i sees the positions up to i; not with a mask. */
  isCausal?: boolean | undefined;
  /** Factor of the products; default 1 / sqrt(E). */
  scale?: number | null | undefined;
  /** Let several heads of the query share one of key and value. */
  enableGqa?: boolean | undefined;
}

/**
 * softmax(query · keyᵀ · scale + mask) · value.
 * @param query [B, ..., L, E]
 * @param key [B, ..., S, E]
 * @param value [B, ..., S, Ev]
 * @returns [B, ..., L, Ev]
 */
export const scaledDotProductAttention = (
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: AttentionOptions,
): Tensor => {
  const name = 'scaledDotProductAttention';
  const known = ['attnMask', 'dropoutP', 'isCausal', 'scale', 'enableGqa'] as const;
  const { attnMask, dropoutP = 0, isCausal = false, scale, enableGqa = false } = readOptions(name, options, known);
  if (!(dropoutP >= 0 && dropoutP <= 1)) throw functionalError(name, `dropoutP is ${dropoutP}, expected 0 to 1`);
  return attention(query, key, value, attnMask ?? null, dropoutP, isCausal, {
    scale: scale ?? null,
    enable_gqa: enableGqa,
  });
};
