// A loss written with operators: the Tversky loss (Salehi, Erdogmus, Gholipour 2017, doi 10.1007/978-3-319-67389-9_44), a Dice loss
// that can mind misses more than false alarms. It trains a small U-Net to find discs; gradients come from autograd.
import { fromData, manualSeed, nn, noGrad, ops, optim, scope } from 'nodule-train/torch';

/**
 * @param prediction [B, 1, H, W], probabilities
 * @param target of the same shape, 0 or 1
 * @returns [B]: 1 - (TP + 1) / (TP + alpha · FP + beta · FN + 1)
 */
function tversky(prediction, target, { alpha = 0.3, beta = 0.7 } = {}) {
  const sum = (x) => ops.sum(x, [1, 2, 3]);
  const hit = sum(ops.mul(prediction, target));
  const falseAlarm = ops.sub(sum(prediction), hit);
  const miss = ops.sub(sum(target), hit);
  const weighted = ops.add(ops.add(hit, ops.mul(falseAlarm, alpha)), ops.mul(miss, beta));
  return ops.rsub(ops.div(ops.add(hit, 1), ops.add(weighted, 1)), 1);
}

const SIZE = 32;
let state = 7;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** Noise with one bright disc in each picture. */
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

// The formula on four numbers: TP 1.1, FP 0.2, FN 0.9.
const byHand = 1 - (1.1 + 1) / (1.1 + 0.3 * 0.2 + 0.7 * 0.9 + 1);
const byOps = tversky(
  fromData(new Float32Array([0.9, 0.2, 0.2, 0]), [1, 1, 2, 2]),
  fromData(new Float32Array([1, 1, 0, 0]), [1, 1, 2, 2]),
).item();
console.log(`by hand ${byHand.toFixed(6)}, by ops ${byOps.toFixed(6)}`);

manualSeed(1);
const net = nn.unet({ classes: 1, depth: 2, wf: 3, padding: true, batchNorm: true, sigmoid: true });
const adam = optim.adam(net.parameters(), { lr: 0.01 });
for (let step = 1; step <= 60; step++) {
  const loss = scope(() => {
    const { image, target } = discs(8);
    const mean = tversky(net.forward(image), target).mean();
    adam.zeroGrad();
    mean.backward();
    adam.step();
    return mean.item();
  });
  if (step % 20 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
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
