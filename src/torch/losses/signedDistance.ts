import { noGrad } from '../gradMode.js';
import { op } from '../operators/operators.js';
import { scope } from '../scope.js';
import { arange } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';

/** Further than any pixel, and exact in float32 with the squares of all distances below 2048 pixels. */
const FAR = 2 ** 23;

/**
 * Distance in pixels to the boundary of a target, exact and Euclidean: outside to its nearest pixel, inside less than 0, to the nearest
 * background pixel but one, so that the pixels along the edge inside are 0. 0 everywhere where a plane is empty or full. No gradient.
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

/** Distance of each pixel to the nearest one that is set: along the columns first, then along the rows (Felzenszwalb and Huttenlocher 2012). */
const distanceTo = (set: Tensor): Tensor => {
  const far = set.to('float32').neg().add(1).mul(FAR);
  return nearest(nearest(far).transpose(-1, -2)).transpose(-1, -2).sqrt();
};

/** min over j of f(j) + (i - j)² along the last axis. */
const nearest = (f: Tensor): Tensor => {
  const width = f.shape.at(-1) as number;
  const at = arange(0, width, 1, { dtype: 'float32', device: f.device });
  const apart = at.unsqueeze(1).sub(at.unsqueeze(0)).pow(2);
  return op('aten::amin')(f.unsqueeze(-2).add(apart), [-1], false);
};
