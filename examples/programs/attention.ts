// Causal attention with padding, by hand, by the fused operator and by the layer.
import { arange, functional as F, manualSeed, nn, ones, randn, scope, type Tensor, tensor } from 'nodule-train/torch';

export function attention(): (number | boolean)[] {
  manualSeed(3);
  const [heads, length, width] = [2, 5, 8];
  const layer = nn.multiheadAttention(width, heads, { batchFirst: true });
  return scope(() => {
    const x = randn(3, length, width);
    const lengths = tensor([5, 3, 4]);
    const padded = arange(length).index(null).ge(lengths.index(':', null));
    const causal = ones(length, length, { dtype: 'bool' }).triu(1);
    const [out, weights] = layer.forward(x, x, x, { keyPaddingMask: padded, attnMask: causal });

    const split = (a: Tensor) => a.unflatten(-1, [heads, -1]).transpose(1, 2);
    const { in_proj_weight, in_proj_bias } = layer;
    if (in_proj_weight === null || weights === null) throw new Error('the layer has separate projections');
    const [q, k, v] = F.linear(x, in_proj_weight, in_proj_bias).chunk(3, -1).map(split);
    if (q === undefined || k === undefined || v === undefined) throw new Error('the width is not a multiple of three');
    const hidden = padded.index(':', null, null).logicalOr(causal);
    const scores = q
      .matmul(k.transpose(-2, -1))
      .div(Math.sqrt(width / heads))
      .maskedFill(hidden, -Infinity);
    const byHand = layer.out_proj.forward(scores.softmax(-1).matmul(v).transpose(1, 2).flatten(2));
    const fused = F.scaledDotProductAttention(q, k, v, { attnMask: hidden.logicalNot() });
    return [
      out.square().mean().item(),
      weights.index(1, 4, 2).item(),
      out.sub(byHand).abs().max().lt(1e-6).item(),
      fused.std().item(),
      scores.index(0, 0).softmax(-1).diagonal().sum().item(),
    ];
  });
}
