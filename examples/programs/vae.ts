// A variational autoencoder of binary patterns.
import { functional as F, manualSeed, nn, ops, optim, rand, scope, type Tensor } from 'nodule-train/torch';

class VariationalAutoencoder extends nn.Module<Tensor, { logits: Tensor; mean: Tensor; logVar: Tensor }> {
  encoder = nn.sequential(nn.linear(16, 24), nn.silu());
  mean = nn.linear(24, 3);
  log_var = nn.linear(24, 3);
  decoder = nn.sequential(nn.linear(3, 24), nn.silu(), nn.linear(24, 16));

  forward(x: Tensor) {
    const h = this.encoder.forward(x);
    const mean = this.mean.forward(h);
    const logVar = this.log_var.forward(h);
    const z = mean.add(ops.randn_like(mean).mul(logVar.mul(0.5).exp()));
    return { logits: this.decoder.forward(z), mean, logVar };
  }
}

export function vae(): number[] {
  manualSeed(4);
  const net = new VariationalAutoencoder();
  const x = rand(32, 16).gt(0.5).float();
  const optimizer = optim.adam(net.parameters(), { lr: 0.01, amsgrad: true });
  const losses: number[] = [];
  for (let step = 0; step < 6; step++)
    scope(() => {
      const { logits, mean, logVar } = net.forward(x);
      const reconstruction = F.binaryCrossEntropyWithLogits(logits, x, { reduction: 'sum' }).div(32);
      const divergence = logVar.add(1).sub(mean.pow(2)).sub(logVar.exp()).mul(-0.5).sum(1).mean();
      optimizer.zeroGrad();
      reconstruction.add(divergence).backward();
      optimizer.step();
      losses.push(reconstruction.item(), divergence.item());
    });
  return losses;
}
