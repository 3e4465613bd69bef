// Fits a line to noisy points by gradient descent: y = weight · x + bias.
import { manualSeed, noGrad, rand, randn, scope, zeros } from 'nodule-train/torch';

manualSeed(1);
const x = rand([200, 1]);
const y = x
  .mul(2)
  .sub(1)
  .add(randn([200, 1]).mul(0.05));
const weight = zeros([1], { requiresGrad: true });
const bias = zeros([1], { requiresGrad: true });

for (let step = 0; step <= 300; step++) {
  // A scope frees the tensors created in it, except those it returns.
  const loss = scope(() => {
    const squared = x.mul(weight).add(bias).sub(y).pow(2).mean();
    squared.backward();
    noGrad(() => {
      for (const parameter of [weight, bias]) {
        parameter.sub_(parameter.grad.mul(0.5));
        parameter.grad = null;
      }
    });
    return squared.item();
  });
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(5)}`);
}
console.log(`y = ${weight.item().toFixed(2)} x + ${bias.item().toFixed(2)} (true: 2 x - 1)`);
