import type { TrainConfig } from './config.js';

/** What each field may be by itself, but not beside another: found before any scan is read. */
export function contradictionsIn(config: TrainConfig): string[] {
  const { huLow, huHigh, cropSize, planeSize, network, optimizer, nesterov, momentum } = config;
  const multiple = 2 ** (network.depth - 1);
  const found: string[] = [];
  if (huLow >= huHigh) found.push(`\`huLow\` is ${huLow}, and \`huHigh\` ${huHigh}: wanted is a huLow below it`);
  if (cropSize % multiple !== 0)
    found.push(
      `\`cropSize\` is ${cropSize}, which a network of \`depth\` ${network.depth} cannot halve ${network.depth - 1} times: wanted is a multiple of ${multiple}, or a smaller depth`,
    );
  if (cropSize > planeSize)
    found.push(
      `\`cropSize\` is ${cropSize}, but \`planeSize\`, which crops are taken from, ${planeSize}: wanted is at least as much`,
    );
  if (optimizer === 'sgd' && nesterov && momentum === 0)
    found.push('`nesterov` is on, but `momentum` is 0: give a momentum, or --no-nesterov');
  return found;
}
