// One level of a 3D U-Net, trained with Dice loss.
import { cat, functional as F, manualSeed, nn, optim, randn, scope, type Tensor } from 'nodule-train/torch';

class DoubleConv3d extends nn.Module {
  block;

  constructor(inputs: number, outputs: number) {
    super();
    this.block = nn.moduleList([
      nn.conv3d(inputs, outputs, 3, { padding: 1 }),
      nn.groupNorm(2, outputs),
      nn.gelu(),
      nn.conv3d(outputs, outputs, 3, { padding: 1 }),
      nn.groupNorm(2, outputs),
      nn.gelu(),
    ]);
  }

  forward(x: Tensor): Tensor {
    let y = x;
    for (const layer of this.block) y = layer.forward(y);
    return y;
  }
}

class UNet3d extends nn.Module {
  down = new DoubleConv3d(1, 4);
  bottom = new DoubleConv3d(4, 8);
  up = new DoubleConv3d(12, 4);
  pool = nn.maxPool3d(2);
  last = nn.conv3d(4, 1, 1);

  forward(x: Tensor): Tensor {
    const skip = this.down.forward(x);
    const low = this.bottom.forward(this.pool.forward(skip));
    const y = F.interpolate(low, { scaleFactor: 2, mode: 'trilinear', alignCorners: false });
    return this.last.forward(this.up.forward(cat([skip, y], 1)));
  }
}

export function unet3d(): number[] {
  manualSeed(6);
  const net = new UNet3d();
  const x = randn(1, 1, 8, 8, 8);
  const target = F.avgPool3d(x, 3, { stride: 1, padding: 1 }).gt(0.1).float();
  const optimizer = optim.adamW(net.parameters(), { lr: 3e-3 });
  const losses: number[] = [];
  for (let step = 0; step < 4; step++)
    scope(() => {
      const p = net.forward(x).sigmoid();
      const overlap = p.mul(target).sum().mul(2).add(1);
      const dice = overlap.div(p.sum().add(target.sum()).add(1)).rsub(1);
      optimizer.zeroGrad();
      dice.backward();
      optimizer.step();
      losses.push(dice.item());
    });
  return [...losses, net.parameters().reduce((sum, p) => sum + p.numel, 0), net.stateDict().size];
}
