// The critic of a Wasserstein GAN with gradient penalty, and a Hessian-vector product.
import { autograd, manualSeed, nn, ops, optim, rand, randn, scope, tensor } from 'nodule-train/torch';

export function gradientPenalty(): number[] {
  manualSeed(5);
  const critic = nn.sequential(nn.linear(4, 16), nn.leakyRelu(0.2), nn.linear(16, 1));
  const optimizer = optim.adam(critic.parameters(), { lr: 1e-3, betas: [0.5, 0.9] });
  const numbers: number[] = [];
  for (let step = 0; step < 4; step++)
    scope(() => {
      const real = randn(8, 4).add(1);
      const fake = randn(8, 4);
      const mix = rand(8, 1);
      const between = mix.mul(real).add(mix.rsub(1).mul(fake)).requiresGrad_();
      const score = critic.forward(between);
      const [gradient] = autograd.grad(score, between, { gradOutputs: ops.ones_like(score), createGraph: true });
      const penalty = gradient.norm(2, 1).sub(1).square().mean();
      const loss = critic.forward(fake).mean().sub(critic.forward(real).mean()).add(penalty.mul(10));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      numbers.push(loss.item(), penalty.item());
    });
  const product = scope(() => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const [first] = autograd.grad(x.pow(3).sum().add(x.prod()), x, { createGraph: true });
    const [second] = autograd.grad(first, x, { gradOutputs: tensor([1, 0, -1]) });
    return second.unbind().map((value) => value.item());
  });
  return [...numbers, ...product];
}
