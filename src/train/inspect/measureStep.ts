import { manualSeed, nn, optim, rand, scope, setNumThreads } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { createLoss } from '../parts/createLoss.js';
import { networkOptions } from '../parts/networkOptions.js';

/**
 * Measures one training step on the CPU (forward, loss, backward, optimizer) with random crops: the shortest of three
 * steps after a warm-up, in seconds, and the growth of the process, in bytes.
 */
export function measureStep(config: TrainConfig): { seconds: number; bytes: number } {
  if (config.threads > 0) setNumThreads(config.threads);
  manualSeed(config.seed);
  const before = process.memoryUsage.rss();
  return scope(() => {
    const net = nn.unet(networkOptions(config));
    const adam = optim.adam(net.parameters(), { lr: config.learningRate });
    const criterion = createLoss(config);
    const { batch, cropSize, contextSlices } = config;
    const image = rand([batch, 2 * contextSlices + 1, cropSize, cropSize]);
    const mask = rand([batch, 1, cropSize, cropSize]);
    const seconds: number[] = [];
    for (let n = 0; n < 4; n++) {
      const start = performance.now();
      scope(() => {
        adam.zeroGrad();
        criterion(net.forward(image), mask).mean().backward();
        adam.step();
      });
      seconds.push((performance.now() - start) / 1000);
    }
    return { seconds: Math.min(...seconds.slice(1)), bytes: Math.max(0, process.memoryUsage.rss() - before) };
  });
}
