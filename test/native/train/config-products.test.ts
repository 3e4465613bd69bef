import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addSchemaOptions } from '../../../dist/cli/schemaOptions.js';
import { manualSeed, nn, randn, scope, setNumThreads, type Tensor } from '../../../dist/torch/index.js';
import { resolveTrainConfig } from '../../../dist/train/config/config.js';
import { trainConfigSchema } from '../../../dist/train/config/schema.js';
import { createLoss } from '../../../dist/train/parts/createLoss.js';
import { createOptimizer } from '../../../dist/train/parts/createOptimizer.js';
import { learningRate } from '../../../dist/train/parts/learningRate.js';
import { networkOptions } from '../../../dist/train/parts/networkOptions.js';
import { trainingStep } from '../../../dist/train/step.js';

setNumThreads(1);
const place = ['--data', 'a', '--out', 'b', '--network-depth', '2', '--network-wf', '1', '--context-slices', '0'];
const command = () => {
  const made = new Command().exitOverride();
  return { made, given: addSchemaOptions(made, trainConfigSchema) };
};
/** Parsed from command line options. */
const configOf = (...args: string[]) => {
  const { made, given } = command();
  made.parse([...place, ...args], { from: 'user' });
  return resolveTrainConfig(given());
};
const choicesOf = (flag: string): string[] => {
  const option = command().made.options.find(({ long }) => long === flag);
  return option?.argChoices as string[];
};

/** Two crops, the second without a nodule. */
const batch = () => {
  const image = randn([2, 1, 8, 8]);
  const mask = image.gt(1).to('float32');
  mask.select(0, 1).zero_();
  return { image, mask };
};
const allFinite = (tensor: Tensor) => (tensor.detach().flatten().toArray() as number[]).every(Number.isFinite);

describe('one step from the command line', { timeout: 120_000 }, () => {
  const losses = choicesOf('--loss');
  const schedules = choicesOf('--schedule');
  it.each(choicesOf('--optimizer'))(
    'with %s, each schedule and each loss moves the weights to finite ones',
    (optimizer) => {
      expect([losses.length, schedules.length]).toEqual([11, 4]);
      for (const loss of losses)
        for (const schedule of schedules)
          scope(() => {
            const label = `${optimizer}, ${loss}, ${schedule}`;
            const config = configOf('--optimizer', optimizer, '--loss', loss, '--schedule', schedule, '--epochs', '2');
            manualSeed(1);
            const net = nn.unet(networkOptions(config));
            const before = [...net.parameters()].map((parameter) => parameter.detach().clone());
            const steps = createOptimizer(net.parameters(), config);
            steps.lr = learningRate(config, 1, 8);
            expect(steps.lr, label).toBeGreaterThan(0);
            let counted: Tensor | undefined;
            trainingStep({
              sampler: { next: batch },
              net,
              criterion: createLoss(config),
              optimizer: steps,
              counts: {
                add(_probability, _mask, each) {
                  expect([each.shape, allFinite(each)], label).toEqual([[2], true]);
                  counted = each;
                },
              },
            })();
            expect(counted, label).toBeDefined();
            const after = [...net.parameters()];
            expect(after.every(allFinite), label).toBe(true);
            const moved = after.filter(
              (parameter, i) => (parameter.detach().sub(before[i]!).abs().max().item() as number) > 0,
            );
            expect(moved.length, label).toBeGreaterThan(after.length / 2);
          });
    },
  );

  it.each(schedules)(
    'the schedule %s never leaves the range from 0 to its full rate, whatever the warm-up',
    (schedule) => {
      for (const warmUp of [0, 1, 3, 8, 20]) {
        const config = configOf('--schedule', schedule, '--warm-up-steps', String(warmUp), '--learning-rate', '0.1');
        for (let step = 0; step < 8; step++) {
          const rate = learningRate(config, step, 8);
          expect(rate, `warm-up ${warmUp}, step ${step}`).toBeGreaterThanOrEqual(0);
          expect(rate, `warm-up ${warmUp}, step ${step}`).toBeLessThanOrEqual(0.1 * (1 + 1e-12));
        }
      }
    },
  );
});
