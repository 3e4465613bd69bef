// CPU time of a training step (forward, loss, backward, Adam) of configurations side by side, for docs/records/short-runs.md. Processor time and
// one thread, so that other work on the machine does not show; the least of five rounds, each configuration in each round.
//   node scripts/step-cost.mjs
import { manualSeed, nn, optim, rand, scope, setNumThreads } from '../dist/torch/index.js';
import { resolveTrainConfig } from '../dist/train/config/config.js';
import { createLoss } from '../dist/train/parts/createLoss.js';
import { networkOptions } from '../dist/train/parts/networkOptions.js';
import { withPrecision } from '../dist/train/steps/withPrecision.js';

setNumThreads(1);
const configurations = {
  default: {},
  '`--no-channels-last`': { channelsLast: false },
  '`--precision bf16`': { precision: 'bf16' },
  '`--precision bf16 --no-channels-last`': { precision: 'bf16', channelsLast: false },
  '`--context-slices 1`': { contextSlices: 1 },
  '`--network-wf 3`': { network: { wf: 3 } },
};

function prepared(fields) {
  const config = resolveTrainConfig({ data: 'scans', out: 'run', ...fields });
  manualSeed(config.seed);
  const net = nn.unet(networkOptions(config));
  const adam = optim.adam(net.parameters(), { lr: config.learningRate });
  const criterion = createLoss(config);
  const image = rand([config.batch, 2 * config.contextSlices + 1, config.cropSize, config.cropSize]);
  const mask = rand([config.batch, 1, config.cropSize, config.cropSize]).gt(0.9).to('float32');
  const parameters = net.parameters().reduce((sum, { numel }) => sum + numel, 0);
  const stepped = withPrecision(net, config.precision, 'cpu');
  const step = () =>
    scope(() => {
      const loss = criterion(stepped.forward(image), mask);
      adam.zeroGrad();
      loss.mean().backward();
      adam.step();
    });
  return { parameters, step, least: Number.POSITIVE_INFINITY };
}

const rows = Object.entries(configurations).map(([name, fields]) => ({ name, ...prepared(fields) }));
for (let round = 0; round < 6; round++)
  for (const row of rows) {
    const before = process.cpuUsage();
    row.step();
    const { user, system } = process.cpuUsage(before);
    // The first warms up.
    if (round > 0) row.least = Math.min(row.least, (user + system) / 1000);
  }
console.log('| configuration | parameters | CPU ms a step of 16 crops |\n|---|---|---|');
for (const { name, parameters, least } of rows) console.log(`| ${name} | ${parameters} | ${least.toFixed(0)} |`);
