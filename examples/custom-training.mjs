// A custom loss, augmentation and sampler for `nodule-train train`:
//   npx nodule-train train --data scans --out run --loss-module examples/custom-training.mjs#softenedDice \
//     --augment-module examples/custom-training.mjs#gamma --sampler-module examples/custom-training.mjs#oftenHard
// The functions run in the training thread. Their results are checked: shape and type of every batch, values of the
// first one.
import { createSampler } from 'nodule-train';
import { fromData, losses, ops } from 'nodule-train/torch';

/**
 * Dice loss on labels with softened edges, as readers do not agree to the pixel.
 *
 * @param probability [B, 1, H, W], from 0 to 1
 * @param mask of the same shape, 0 or 1
 * @param options the run's configuration, frozen
 * @returns [B]
 */
export function softenedDice(probability, mask, { smooth }) {
  const softened = ops.avg_pool2d(mask, 3, 1, 1);
  return losses.dice(probability, softened, { smooth });
}

/** Returns a number in [0, 1) that depends only on the three arguments: Mulberry32, seeded by a hash of them. */
function random(seed, epoch, position) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(epoch, 0x85ebca6b) ^ Math.imul(position, 0xc2b2ae35)) >>> 0;
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/**
 * Applies a random gamma to the HU of each crop, as scanners and reconstruction kernels differ.
 *
 * @param batch image [B, C, S, S] in HU, mask [B, 1, S, S]
 * @param place epoch, position of the batch's first crop, and seed. All randomness depends on these, so that a resumed
 *   run repeats it
 */
export function gamma({ image, mask }, { epoch, position, seed }) {
  const [batch] = image.shape;
  const exponents = Float32Array.from({ length: batch }, (_, i) => 0.8 + 0.4 * random(seed, epoch, position + i));
  const exponent = fromData(exponents, [batch, 1, 1, 1]).to(image.device);
  const bent = ops.pow(image.add(1000).div(2000).clamp(0, 1), exponent);
  return { image: bent.mul(2000).sub(1000), mask };
}

/** The built-in sampler with half of the crops without a nodule. Any object that implements `Sampler` works. */
export function oftenHard(scans, options, device, hardPoints) {
  return createSampler(scans, { ...options, negatives: 0.5 }, device, hardPoints);
}
