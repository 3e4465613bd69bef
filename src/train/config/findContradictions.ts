import { splitChoiceFault } from '../../data/index.js';
import type { TrainConfig } from './schema.js';

/** Finds fields that are each valid but contradict one another, so that a run fails before it reads a scan. */
export function findContradictions(config: TrainConfig): string[] {
  const { huLow, huHigh, cropSize, planeSize, network, optimizer, nesterov, momentum } = config;
  const multiple = 2 ** (network.depth - 1);
  const found: string[] = [];
  if (huLow >= huHigh) found.push(`\`huLow\` is ${huLow} and \`huHigh\` ${huHigh}, expected a lower huLow`);
  if (cropSize % multiple !== 0)
    found.push(
      `\`cropSize\` is ${cropSize}, which a network of \`depth\` ${network.depth} cannot halve ` +
        `${network.depth - 1} times, expected a multiple of ${multiple} or a smaller depth`,
    );
  if (cropSize > planeSize)
    found.push(
      `\`cropSize\` is ${cropSize} but \`planeSize\`, which crops are taken from, only ${planeSize}, ` +
        'expected at least as much',
    );
  if (optimizer === 'sgd' && nesterov && momentum === 0)
    found.push('`nesterov` is on but `momentum` is 0, expected a momentum. Give one, or --no-nesterov');
  if (config.captureSteps && (config.accumulate > 1 || config.ema > 0 || config.augmentModule !== undefined))
    found.push('`captureSteps` is on, which excludes `accumulate`, `ema` and `augmentModule`. Omit one of them');
  const split = splitChoiceFault(config);
  if (split !== null) found.push(split);
  return found;
}
