// A custom loss written with operators: the binary focal loss (Lin, Goyal, Girshick, He, Dollár 2017, arXiv
// 1708.02002), a cross entropy that weights well-classified pixels less. It trains a small U-Net to find discs;
// autograd computes the gradients.
import { fromData, manualSeed, nn, noGrad, ops, optim, scope } from 'nodule-train/torch';

/**
 * Computes the focal loss.
 * @param prediction probabilities [B, 1, H, W]
 * @param target 0 or 1, of the same shape
 * @returns [B]: the mean over the pixels of -(1 - q)^gamma · ln q, where q is the predicted probability of the true
 *   class
 */
function focal(prediction, target, { gamma = 2 } = {}) {
  const q = ops.where(ops.gt(target, 0.5), prediction, ops.rsub(prediction, 1));
  const positive = ops.clamp(q, { min: 1e-6 });
  return ops.neg(ops.mean(ops.mul(ops.pow(ops.rsub(positive, 1), gamma), ops.log(positive)), [1, 2, 3]));
}

const SIZE = 32;
let state = 7;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** Creates noise images with one bright disc each. */
function discs(count) {
  const image = new Float32Array(count * SIZE * SIZE);
  const target = new Float32Array(image.length);
  for (let b = 0; b < count; b++) {
    const [row, column, radius] = [8 + 16 * random(), 8 + 16 * random(), 3 + 3 * random()];
    for (let i = 0; i < SIZE * SIZE; i++) {
      const inside = Math.hypot(Math.floor(i / SIZE) - row, (i % SIZE) - column) < radius;
      target[b * SIZE * SIZE + i] = Number(inside);
      image[b * SIZE * SIZE + i] = Number(inside) + 1.2 * (random() - 0.5);
    }
  }
  return { image: fromData(image, [count, 1, SIZE, SIZE]), target: fromData(target, [count, 1, SIZE, SIZE]) };
}

// Check the formula on four numbers.
const byHand = -(0.1 ** 2 * Math.log(0.9) + 0.8 ** 2 * Math.log(0.2) + 0.2 ** 2 * Math.log(0.8) + 0) / 4;
const byOps = focal(
  fromData(new Float32Array([0.9, 0.2, 0.2, 0]), [1, 1, 2, 2]),
  fromData(new Float32Array([1, 1, 0, 0]), [1, 1, 2, 2]),
).item();
console.log(`by hand ${byHand.toFixed(6)}, by ops ${byOps.toFixed(6)}`);

manualSeed(1);
const net = nn.unet({ classes: 1, depth: 2, wf: 3, padding: true, batchNorm: true, sigmoid: true });
const adam = optim.adam(net.parameters(), { lr: 0.01 });
for (let step = 1; step <= 45; step++) {
  const loss = scope(() => {
    const { image, target } = discs(6);
    const mean = focal(net.forward(image), target).mean();
    adam.zeroGrad();
    mean.backward();
    adam.step();
    return mean.item();
  });
  if (step % 15 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

net.eval();
const found = scope(() => {
  const { image, target } = discs(32);
  const mask = noGrad(() => net.forward(image))
    .gt(0.5)
    .to('float32');
  const overlap = mask.mul(target).sum().item();
  return (2 * overlap) / (mask.sum().item() + target.sum().item());
});
console.log(`Dice on new discs: ${found.toFixed(3)}`);
