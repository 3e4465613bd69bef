import { describe, expect, it } from 'vitest';
import { losses, manualSeed, nn, randn, scope, setAllowTf32, type Tensor } from '../../dist/torch/index.js';
import { skipNote, whyNoGpu } from '../support/gpu.js';
import { farthest } from '../support/tensors.js';

const reason = whyNoGpu();

describe.skipIf(reason !== null)(`the U-Net on a GPU${skipNote(reason)}`, { timeout: 120_000 }, () => {
  it.each([
    { upMode: 'upconv', pooling: 'max', batchNorm: true },
    { upMode: 'upsample', pooling: 'avg', batchNorm: false },
  ] as const)(
    'equals the CPU in output, loss and every gradient, within 1e-8 in float64 and 2e-3 in float32 without TF32: %o',
    (options) => {
      setAllowTf32(false);
      const run = (device: 'cpu' | 'cuda', dtype: 'float32' | 'float64') => {
        manualSeed(3);
        const net = nn.unet({
          inChannels: 7,
          classes: 1,
          depth: 3,
          wf: 4,
          padding: true,
          inputNorm: true,
          sigmoid: true,
          ...options,
        });
        const image = randn([4, 7, 64, 64]);
        const mask = randn([4, 1, 64, 64]).gt(1.5).to(dtype);
        net.to(dtype).to(device);
        const probability = net.forward(image.to(dtype).to(device));
        const loss = losses.dice(probability, mask.to(device)).mean();
        loss.backward();
        const gradients = [...net.namedParameters()].map(
          ([name, parameter]) => [name, parameter.grad as Tensor] as const,
        );
        return [['output', probability.detach()] as const, ['loss', loss.detach()] as const, ...gradients];
      };
      for (const [dtype, bound] of [
        ['float64', 1e-8],
        ['float32', 2e-3],
      ] as const)
        scope(() => {
          const expected = new Map(run('cpu', dtype));
          for (const [name, found] of run('cuda', dtype))
            expect(farthest(found, expected.get(name) as Tensor), `${name} in ${dtype}`).toBeLessThan(bound);
        });
      setAllowTf32(true);
    },
  );
});
