import { z } from 'zod';
import { noGrad } from '../../autograd/modes.js';
import { lazyOp } from '../../operators/operators.js';
import { scope } from '../../scope.js';
import { zeros } from '../../tensor/create.js';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { type MultiheadAttentionCall, multiHeadAttention } from '../functional/multiHeadAttention.js';
import { parameter } from '../marks.js';
import { Module } from '../module.js';
import { parseLayer, unusual } from './layerOptions.js';
import { type Linear, linear } from './linear.js';
import { count } from './sizes.js';

const uniform = lazyOp('aten::uniform_');
const normal = lazyOp('aten::normal_');

const schema = z
  .strictObject({
    embedDim: count,
    heads: count,
    dropout: z.number().min(0).max(1).default(0),
    bias: z.boolean().default(true),
    addBiasKv: z.boolean().default(false),
    addZeroAttn: z.boolean().default(false),
    kdim: count.nullish(),
    vdim: count.nullish(),
    batchFirst: z.boolean().default(false),
  })
  .refine(({ embedDim, heads }) => embedDim % heads === 0, {
    path: ['embedDim'],
    message: 'must be divisible by heads',
  });

export interface MultiheadAttentionOptions {
  /** Probability to drop a weight in training. */
  dropout?: number | undefined;
  bias?: boolean | undefined;
  /** Add a learnt position to key and value. */
  addBiasKv?: boolean | undefined;
  /** Add a position of zeros to key and value. */
  addZeroAttn?: boolean | undefined;
  /** Features of the key; default: embedDim. */
  kdim?: number | null | undefined;
  /** Features of the value; default: embedDim. */
  vdim?: number | null | undefined;
  /** Take [B, L, E] instead of [L, B, E]. */
  batchFirst?: boolean | undefined;
}

/** Glorot and Bengio 2010, for a matrix [out, in] or [1, 1, features], whose fans are both `features`. */
const fans = (shape: readonly number[]): number =>
  shape.length === 2 ? shape[0]! + shape[1]! : shape[1]! * shape[2]! + shape[0]! * shape[2]!;

const xavierUniform = (shape: readonly number[]): Tensor => {
  const tensor = zeros(shape);
  const bound = Math.sqrt(3) * Math.sqrt(2 / fans(shape));
  noGrad(() => uniform(tensor, -bound, bound));
  return parameter(tensor);
};
const xavierNormal = (shape: readonly number[]): Tensor => {
  const tensor = zeros(shape);
  noGrad(() => normal(tensor, 0, Math.sqrt(2 / fans(shape))));
  return parameter(tensor);
};

/**
 * Attention of several heads (Vaswani et al. 2017, arXiv 1706.03762). Property names are Python's. Made by
 * {@link multiheadAttention}.
 */
export class MultiheadAttention extends Module<
  [query: Tensor, key: Tensor, value: Tensor, options?: MultiheadAttentionCall],
  [output: Tensor, weights: Tensor | null]
> {
  /** [3 embedDim, embedDim], or null if key or value have other features. */
  readonly in_proj_weight: Tensor | null;
  readonly q_proj_weight: Tensor | null;
  readonly k_proj_weight: Tensor | null;
  readonly v_proj_weight: Tensor | null;
  /** [3 embedDim]. */
  readonly in_proj_bias: Tensor | null;
  /** [1, 1, embedDim]. */
  readonly bias_k: Tensor | null;
  readonly bias_v: Tensor | null;
  readonly out_proj: Linear;
  readonly #options: z.output<typeof schema>;

  constructor(embedDim: number, heads: number, options: MultiheadAttentionOptions = {}) {
    super();
    this.#options = parseLayer('multiheadAttention', schema, { embedDim, heads }, options);
    const { bias, addBiasKv, kdim, vdim } = this.#options;
    const [keys, values] = [kdim ?? embedDim, vdim ?? embedDim];
    const isPacked = keys === embedDim && values === embedDim;
    // In Python's order of random numbers.
    this.out_proj = linear(embedDim, embedDim, { bias });
    this.in_proj_weight = isPacked ? xavierUniform([3 * embedDim, embedDim]) : null;
    this.q_proj_weight = isPacked ? null : xavierUniform([embedDim, embedDim]);
    this.k_proj_weight = isPacked ? null : xavierUniform([embedDim, keys]);
    this.v_proj_weight = isPacked ? null : xavierUniform([embedDim, values]);
    this.in_proj_bias = bias ? parameter(zeros([3 * embedDim])) : null;
    const { bias: outBias } = this.out_proj;
    if (outBias !== null) noGrad(() => outBias.zero_());
    this.bias_k = addBiasKv ? xavierNormal([1, 1, embedDim]) : null;
    this.bias_v = addBiasKv ? xavierNormal([1, 1, embedDim]) : null;
  }

  /**
   * @param query [L, B, embedDim], with `batchFirst` [B, L, embedDim], or [L, embedDim]
   * @param key [S, B, kdim], [B, S, kdim] or [S, kdim]
   * @param value [S, B, vdim], [B, S, vdim] or [S, vdim]
   * @returns the output, shaped as the query, and the weights: [B, L, S], [B, heads, L, S] without
   *   `averageAttnWeights`, or null without `needWeights`
   * @throws NoduleTrainError `torch`
   */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options?: MultiheadAttentionCall,
  ): [output: Tensor, weights: Tensor | null] {
    const { heads, dropout, addZeroAttn, batchFirst } = this.#options;
    const settings = { heads, dropout: this.training ? dropout : 0, addZeroAttn, batchFirst, module: this };
    return scope(() => multiHeadAttention(query, key, value, options, settings));
  }
  override extraRepr(): string {
    const { embedDim, heads, ...rest } = this.#options;
    const usual = { dropout: 0, bias: true, addBiasKv: false, addZeroAttn: false, batchFirst: false };
    return describeOptions([embedDim, heads], unusual(rest, usual));
  }
}

/** Makes PyTorch's `nn.MultiheadAttention`. @throws NoduleTrainError `layer-options` */
export const multiheadAttention = (
  embedDim: number,
  heads: number,
  options: MultiheadAttentionOptions = {},
): MultiheadAttention => new MultiheadAttention(embedDim, heads, options);
