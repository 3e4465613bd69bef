import { lazyOp } from '../../operators/operators.js';
import { isTensor, type Tensor } from '../../tensor/tensor.js';
import { scaledDotProductAttention } from './attention.js';
import { linear } from './convolutions.js';
import { functionalError, readOptions } from './options.js';

const A = {
  baddbmm: lazyOp('aten::baddbmm'),
  bmm: lazyOp('aten::bmm'),
  cat: lazyOp('aten::cat'),
  dropout: lazyOp('aten::dropout'),
  maskedFill: lazyOp('aten::masked_fill_'),
  newZeros: lazyOp('aten::new_zeros'),
  pad: lazyOp('aten::pad'),
  repeat: lazyOp('aten::repeat'),
  softmax: lazyOp('aten::softmax.int'),
  zerosLike: lazyOp('aten::zeros_like'),
};

export interface MultiheadAttentionCall {
  /** [B, S] or [S]: true, or -Infinity to add, where a key takes no part. */
  keyPaddingMask?: Tensor | null | undefined;
  /** [L, S] or [B · heads, L, S]: true, or -Infinity to add, where a key takes no part. */
  attnMask?: Tensor | null | undefined;
  /** Return the weights too; default true. */
  needWeights?: boolean | undefined;
  /** Return their mean over the heads; default true. */
  averageAttnWeights?: boolean | undefined;
  /** States that `attnMask` is the causal one, for a faster kernel. */
  isCausal?: boolean | undefined;
}

interface Attention {
  heads: number;
  dropout: number;
  addZeroAttn: boolean;
  batchFirst: boolean;
  module: {
    readonly in_proj_weight: Tensor | null;
    readonly q_proj_weight: Tensor | null;
    readonly k_proj_weight: Tensor | null;
    readonly v_proj_weight: Tensor | null;
    readonly in_proj_bias: Tensor | null;
    readonly bias_k: Tensor | null;
    readonly bias_v: Tensor | null;
    readonly out_proj: { readonly weight: Tensor; readonly bias: Tensor | null };
  };
}

const fault = (text: string) => functionalError('multiHeadAttention', text);

/** What is added to the products: a mask of booleans gives -Infinity where it is true. */
const additive = (name: string, mask: Tensor | null | undefined, like: Tensor): Tensor | null => {
  if (mask === null || mask === undefined) return null;
  if (!isTensor(mask)) throw fault(`${name} is ${typeof mask}, expected a Tensor`);
  if (mask.dtype.includes('float')) return mask;
  if (mask.dtype !== 'bool') throw fault(`${name} is ${mask.dtype}, expected bool or a floating-point dtype`);
  return A.maskedFill(A.zerosLike(mask, { dtype: like.dtype }), mask, Number.NEGATIVE_INFINITY);
};

const checkShape = (name: string, tensor: Tensor, expected: readonly (readonly number[])[]): void => {
  if (!expected.some((shape) => String(shape) === String(tensor.shape)))
    throw fault(
      `${name} is of shape [${tensor.shape}], expected ${expected.map((shape) => `[${shape}]`).join(' or ')}`,
    );
};

/** Projects query, key and value, each [length, B, features]. */
const project = (inputs: readonly [Tensor, Tensor, Tensor], module: Attention['module']): [Tensor, Tensor, Tensor] => {
  const features = module.out_proj.weight.shape[0]!;
  const packed = module.in_proj_weight;
  const weightOf = (i: number): Tensor =>
    packed === null
      ? [module.q_proj_weight, module.k_proj_weight, module.v_proj_weight][i]!
      : packed.narrow(0, i * features, features);
  const biasOf = (i: number) => module.in_proj_bias?.narrow(0, i * features, features) ?? null;
  return inputs.map((input, i) => linear(input, weightOf(i), biasOf(i))) as [Tensor, Tensor, Tensor];
};

/** PyTorch's `multi_head_attention_forward`. */
export function multiHeadAttention(
  queryGiven: Tensor,
  keyGiven: Tensor,
  valueGiven: Tensor,
  options: MultiheadAttentionCall | undefined,
  { heads, dropout, addZeroAttn, batchFirst, module }: Attention,
): [output: Tensor, weights: Tensor | null] {
  const known = ['keyPaddingMask', 'attnMask', 'needWeights', 'averageAttnWeights', 'isCausal'] as const;
  const read = readOptions('multiHeadAttention', options, known);
  const { keyPaddingMask, attnMask, needWeights = true, averageAttnWeights = true } = read;
  for (const [name, tensor] of Object.entries({ query: queryGiven, key: keyGiven, value: valueGiven }))
    if (!isTensor(tensor)) throw fault(`the ${name} is ${tensor === null ? 'null' : typeof tensor}, expected a Tensor`);
  const { dim } = queryGiven;
  if ((dim !== 2 && dim !== 3) || keyGiven.dim !== dim || valueGiven.dim !== dim)
    throw fault(
      `query, key and value are of shape [${queryGiven.shape}], [${keyGiven.shape}] and [${valueGiven.shape}], ` +
        'expected all [length, features], or all with a batch',
    );
  const isBatched = dim === 3;
  // [length, B, features]; one tensor given thrice is turned once.
  const turned = new Map<Tensor, Tensor>();
  const lengthFirst = (given: Tensor): Tensor => {
    const known = turned.get(given);
    if (known !== undefined) return known;
    const made = !isBatched ? given.unsqueeze(1) : batchFirst ? given.transpose(1, 0) : given;
    turned.set(given, made);
    return made;
  };
  const [query, key, value] = [lengthFirst(queryGiven), lengthFirst(keyGiven), lengthFirst(valueGiven)];
  const [length, samples, features] = query.shape as [number, number, number];
  let [keys] = key.shape as [number];
  const expected = module.out_proj.weight.shape[0]!;
  if (features !== expected) throw fault(`the query has ${features} features, expected ${expected}`);
  if (String(key.shape.slice(0, 2)) !== String(value.shape.slice(0, 2)) || key.shape[1] !== samples)
    throw fault(
      `query, key and value are of shape [${queryGiven.shape}], [${keyGiven.shape}] and [${valueGiven.shape}], ` +
        'expected one batch, and one length of key and value',
    );

  let padding = additive('keyPaddingMask', keyPaddingMask, query);
  if (padding !== null) {
    checkShape('keyPaddingMask', padding, isBatched ? [[samples, keys]] : [[keys]]);
    if (!isBatched) padding = padding.unsqueeze(0);
  }
  let mask = additive('attnMask', attnMask, query);
  let isCausal = read.isCausal === true;
  if (isCausal && mask === null) throw fault('isCausal is given without attnMask, expected the causal mask with it');
  if (mask !== null) {
    checkShape('attnMask', mask, [
      [length, keys],
      [samples * heads, length, keys],
    ]);
    if (mask.dim === 2) mask = mask.unsqueeze(0);
  }
  if (isCausal && padding === null && !needWeights) mask = null;
  else if (padding !== null) isCausal = false;

  const headFeatures = features / heads;
  let [q, k, v] = project([query, key, value], module);
  const widen = (): void => {
    keys += 1;
    if (mask !== null) mask = A.pad(mask, [0, 1]);
    if (padding !== null) padding = A.pad(padding, [0, 1]);
  };
  if (module.bias_k !== null && module.bias_v !== null) {
    k = A.cat([k, A.repeat(module.bias_k, [1, samples, 1])]);
    v = A.cat([v, A.repeat(module.bias_v, [1, samples, 1])]);
    widen();
  }
  const perHead = (tensor: Tensor): Tensor =>
    tensor
      .contiguous()
      .view(tensor.shape[0]!, samples * heads, headFeatures)
      .transpose(0, 1);
  [q, k, v] = [perHead(q), perHead(k), perHead(v)];
  if (addZeroAttn) {
    const none = A.newZeros(k, [samples * heads, 1, headFeatures]);
    k = A.cat([k, none], 1);
    v = A.cat([v, none], 1);
    widen();
  }
  if (padding !== null) {
    const spread = padding
      .view(samples, 1, 1, keys)
      .expand(-1, heads, -1, -1)
      .reshape(samples * heads, 1, keys);
    mask = mask === null ? spread : mask.add(spread);
  }

  const finish = (output: Tensor): Tensor => {
    const { weight, bias } = module.out_proj;
    const shaped = linear(output, weight, bias).view(length, samples, features);
    return !isBatched ? shaped.squeeze(1) : batchFirst ? shaped.transpose(1, 0) : shaped;
  };
  if (needWeights) {
    const scaled = q.mul(Math.sqrt(1 / headFeatures));
    const products = mask === null ? A.bmm(scaled, k.transpose(-2, -1)) : A.baddbmm(mask, scaled, k.transpose(-2, -1));
    let weights = A.softmax(products, -1);
    if (dropout > 0) weights = A.dropout(weights, dropout, true);
    const output = A.bmm(weights, v)
      .transpose(0, 1)
      .contiguous()
      .view(length * samples, features);
    weights = weights.view(samples, heads, length, keys);
    if (averageAttnWeights) weights = weights.mean([1]);
    return [finish(output), isBatched ? weights : weights.squeeze(0)];
  }
  if (mask !== null)
    mask =
      mask.shape[0] === 1 ? mask.unsqueeze(0) : mask.expand(samples * heads, -1, -1).reshape(samples, heads, -1, keys);
  const split = (tensor: Tensor, size: number): Tensor => tensor.view(samples, heads, size, headFeatures);
  const output = scaledDotProductAttention(split(q, length), split(k, keys), split(v, keys), {
    attnMask: mask,
    dropoutP: dropout,
    isCausal,
  });
  return [
    finish(
      output
        .permute(2, 0, 1, 3)
        .contiguous()
        .view(samples * length, features),
    ),
    null,
  ];
}
