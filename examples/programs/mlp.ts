// Classifies points of two spirals.
import {
  cat,
  clipGradNorm,
  functional as F,
  linspace,
  manualSeed,
  nn,
  noGrad,
  ones,
  ops,
  optim,
  scope,
  stack,
  zeros,
} from 'nodule-train/torch';

export function mlp(): number[] {
  manualSeed(0);
  const t = linspace(0.5, 3.5, 60);
  const spiral = stack([t.mul(t.mul(2).cos()), t.mul(t.mul(2).sin())], 1);
  const x = cat([spiral, spiral.neg()]).div(3);
  const y = cat([zeros(60, { dtype: 'int64' }), ones(60, { dtype: 'int64' })]);
  const net = nn.sequential(nn.linear(2, 32), nn.tanh(), nn.linear(32, 32), nn.tanh(), nn.linear(32, 2));
  const optimizer = optim.adamW(net.parameters(), { lr: 0.02, weightDecay: 0.01 });
  const losses: number[] = [];
  for (let step = 0; step < 150; step++)
    scope(() => {
      const order = ops.randperm(120).narrow(0, 0, 64);
      const loss = F.crossEntropy(net.forward(x.index(order)), y.index(order), { labelSmoothing: 0.05 });
      optimizer.zeroGrad();
      loss.backward();
      const norm = clipGradNorm(net.parameters(), 1);
      optimizer.step();
      if (step % 50 === 49) losses.push(loss.item(), norm.item());
    });
  net.eval();
  return scope(() => {
    const accuracy = noGrad(() => net.forward(x).argmax(1).eq(y).float().mean());
    return [...losses, accuracy.item()];
  });
}
