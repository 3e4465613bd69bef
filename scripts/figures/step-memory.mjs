// Memory growth over many training steps: memory() after step 500 and at the end, resident memory halfway and at the
// end.
//   node scripts/figures/step-memory.mjs [--steps 10000]
// The step is that of `train` (src/train/step.ts) with crops, augmentation, Adam and counts, at 1×7×16×16, in one loop
// that never yields, so that no finalizer of the garbage collector runs and frees a tensor. Prints one JSON object.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSampler, loadScans, openDataset } from '../../dist/data/index.js';
import { writePhantoms } from '../../dist/phantom/index.js';
import { losses, manualSeed, memory, nn, optim, setNumThreads } from '../../dist/torch/index.js';
import { resolveTrainConfig } from '../../dist/train/config/config.js';
import { networkOptions } from '../../dist/train/parts/networkOptions.js';
import { samplerOptions } from '../../dist/train/parts/samplerOptions.js';
import { StepCounts } from '../../dist/train/parts/stepCounts.js';
import { trainingStep } from '../../dist/train/step.js';
import { say } from '../setup/steps.mjs';

const SETTLED = 500;
const EPOCH = 250;

const { values } = parseArgs({ options: { steps: { type: 'string', default: '10000' } } });
const steps = Number(values.steps);
if (!Number.isInteger(steps) || steps < 2 * SETTLED) {
  say(`step-memory: --steps is ${values.steps}, expected a whole number of at least ${2 * SETTLED}`);
  process.exit(2);
}

const scans = await mkdtemp(join(tmpdir(), 'nodule-train-steps-'));
await writePhantoms(scans, { count: 1, seed: 3, size: [24, 96, 96], spacing: [3.2, 3.2, 3], threads: 1 });
const dataset = await openDataset(scans);

setNumThreads(1);
const config = resolveTrainConfig({ data: '-', out: '-', batch: 1, cropSize: 16, samples: EPOCH });
const uids = dataset.scans.map(({ uid }) => uid);
const sampler = await createSampler(loadScans(dataset, uids), samplerOptions(config));
await rm(scans, { recursive: true });
manualSeed(config.seed);
const net = nn.unet(networkOptions(config)).train();
const adam = optim.adam(net.parameters(), { lr: config.learningRate });
const counts = new StepCounts('cpu', config.threshold);
const criterion = (probability, mask) => losses.dice(probability, mask, { smooth: config.smooth });
const step = trainingStep({ sampler, net, criterion, optimizer: adam, counts });

const rss = () => process.memoryUsage.rss();
const seen = {};
for (let done = 0; done < steps; done++) {
  if (done % EPOCH === 0) {
    sampler.startEpoch(1 + done / EPOCH);
    counts.reset();
  }
  step();
  if (done + 1 === SETTLED) seen.settled = memory();
  if (done + 1 === Math.floor(steps / 2)) seen.rssHalf = rss();
  if ((done + 1) % 1000 === 0)
    say(`step-memory: ${done + 1} of ${steps} steps, ${Math.round(rss() / 1e6)} MB resident`);
}
const { loss, samples } = counts.read();
console.log(
  JSON.stringify({
    steps,
    memoryAfter500: seen.settled,
    memoryAtEnd: memory(),
    rssAtHalf: seen.rssHalf,
    rssAtEnd: rss(),
    rssRatio: rss() / seen.rssHalf,
    meanLoss: loss / samples,
  }),
);
