// Processor time of a training step (forward, loss, backward, Adam) in several configurations, for
// docs/records/short-runs.md. Measured on one thread as processor time, so that other work on the machine counts
// little: the minimum over five rounds, which alternate between the configurations.
//   node scripts/figures/step-cost.mjs
import { manualSeed, nn, optim, rand, scope, setNumThreads } from '../../dist/torch/index.js';
import { resolveTrainConfig } from '../../dist/train/config/config.js';
import { createLoss } from '../../dist/train/parts/createLoss.js';
import { networkOptions } from '../../dist/train/parts/networkOptions.js';
import { withPrecision } from '../../dist/train/steps/withPrecision.js';

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
  return { parameters, step, minimum: Number.POSITIVE_INFINITY };
}

const rows = Object.entries(configurations).map(([name, fields]) => ({ name, ...prepared(fields) }));
for (let round = 0; round < 6; round++)
  for (const row of rows) {
    const before = process.cpuUsage();
    row.step();
    const { user, system } = process.cpuUsage(before);
    // The first round warms up.
    if (round > 0) row.minimum = Math.min(row.minimum, (user + system) / 1000);
  }
console.log('| configuration | parameters | CPU ms per step of 16 crops |\n|---|---|---|');
for (const { name, parameters, minimum } of rows) console.log(`| ${name} | ${parameters} | ${minimum.toFixed(0)} |`);
