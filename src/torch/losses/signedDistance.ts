import { noGrad } from '../autograd/modes.js';
import { op } from '../operators/operators.js';
import { scope } from '../scope.js';
import { arange } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';

/** Beyond any squared distance, and exact in float32 together with all squares of distances below 2048 pixels. */
const FAR = 2 ** 23;

/**
 * Exact Euclidean distance in pixels to the boundary of a target: outside, to the nearest target pixel; inside, 1 minus
 * the distance to the nearest background pixel, so that pixels along the inner edge are 0. A plane that is empty or
 * full is 0 everywhere. No gradient.
 * @param target [..., H, W], above 0.5 inside
 * @returns float32, of the same shape
 */
export const signedDistance = (target: Tensor): Tensor =>
  noGrad(() =>
    scope(() => {
      const inside = target.detach().gt(0.5);
      const outward = distanceTo(inside);
      const inward = distanceTo(op('aten::logical_not')(inside));
      const float = inside.to('float32');
      const mixed = op('aten::amax')(float, [-2, -1], true).sub(op('aten::amin')(float, [-2, -1], true));
      const signed = outward.mul(float.neg().add(1)).sub(inward.sub(1).mul(float));
      return signed.mul(mixed);
    }),
  );

/** Distance of each pixel to the nearest set one, one axis after the other (Felzenszwalb and Huttenlocher 2012). */
const distanceTo = (set: Tensor): Tensor => {
  const far = set.to('float32').neg().add(1).mul(FAR);
  return nearest(nearest(far).transpose(-1, -2)).transpose(-1, -2).sqrt();
};

/** Minimum over j of f(j) + (i - j)² along the last axis. */
const nearest = (f: Tensor): Tensor => {
  const width = f.shape.at(-1) as number;
  const at = arange(0, width, 1, { dtype: 'float32', device: f.device });
  const apart = at.unsqueeze(1).sub(at.unsqueeze(0)).pow(2);
  return op('aten::amin')(f.unsqueeze(-2).add(apart), [-1], false);
};
