import { describe, expect, it } from 'vitest';
import { autograd, fromData, op, ops, tensor } from '../../../dist/torch/index.js';

describe('reading tensors whose memory does not hold their values', () => {
  it('a gradient that is zero everywhere, and has no memory, is read as zeros', () => {
    const x = tensor([0.5, -2, 3], { requiresGrad: true });
    const [gradient] = autograd.grad([ops.sgn(x).sum()], [x]);
    expect(gradient?.toArray()).toEqual([0, 0, 0]);
    expect(() => gradient?.data()).toThrow(
      'found a lazy view (zero, negated or conjugated), expected values in memory',
    );
  });

  it('a lazily negated tensor is read with its sign', () => {
    const negated = op('aten::_neg_view', { unsafe: true })(tensor([1, -2]));
    expect(negated.toArray()).toEqual([-1, 2]);
    expect(() => negated.data()).toThrow('found a lazy view (zero, negated or conjugated), expected values in memory');
    expect(Array.from(negated.clone().data())).toEqual([-1, 2]);
  });

  it('any byte given as bool is true or false', () => {
    const made = fromData(Uint8Array.of(0, 7, 255), [3], { dtype: 'bool' });
    expect(made.toArray()).toEqual([false, true, true]);
    expect(Array.from(made.data())).toEqual([0, 1, 1]);
    expect(made.sum().item()).toBe(2);
  });
});
