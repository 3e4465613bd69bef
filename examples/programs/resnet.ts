// Trains a small residual network with Nesterov momentum, then freezes its first block.
import { arange, functional as F, manualSeed, nn, optim, randn, scope, type Tensor } from 'nodule-train/torch';

class ResidualBlock extends nn.Module {
  conv1;
  bn1;
  conv2;
  bn2;
  shortcut;

  constructor(inputs: number, outputs: number, stride: number) {
    super();
    this.conv1 = nn.conv2d(inputs, outputs, 3, { stride, padding: 1, bias: false });
    this.bn1 = nn.batchNorm2d(outputs);
    this.conv2 = nn.conv2d(outputs, outputs, 3, { padding: 1, bias: false });
    this.bn2 = nn.batchNorm2d(outputs);
    this.shortcut =
      inputs === outputs && stride === 1
        ? nn.identity()
        : nn.sequential(nn.conv2d(inputs, outputs, 1, { stride, bias: false }), nn.batchNorm2d(outputs));
  }

  forward(x: Tensor): Tensor {
    const y = F.relu(this.bn1.forward(this.conv1.forward(x)));
    return F.relu(this.bn2.forward(this.conv2.forward(y)).add(this.shortcut.forward(x)));
  }
}

export function resnet(): number[] {
  manualSeed(1);
  const stem = nn.conv2d(1, 8, 3, { padding: 1 });
  const first = new ResidualBlock(8, 8, 1);
  const net = nn.sequential(
    stem,
    first,
    new ResidualBlock(8, 16, 2),
    nn.adaptiveAvgPool2d(1),
    nn.flatten(),
    nn.linear(16, 4),
  );
  const x = randn(8, 1, 16, 16);
  const y = arange(8, { dtype: 'int64' }).remainder(4);
  const optimizer = optim.sgd(net.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) {
    if (step === 3) first.requiresGrad_(false);
    scope(() => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(net.forward(x), y);
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    });
  }
  const trained = net
    .parameters()
    .filter((p) => p.requiresGrad)
    .reduce((sum, p) => sum + p.numel, 0);
  net.eval();
  return scope(() => [...losses, trained, net.forward(x).softmax(-1).index(3, 1).item()]);
}
