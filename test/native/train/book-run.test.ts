import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSampler } from '../../../dist/data/sampling/sampler.js';
import { train } from '../../../dist/index.js';
import { keep, manualSeed, nn, scope, setNumThreads, type Tensor } from '../../../dist/torch/index.js';
import { loadTensorsSync, saveTensorsSync } from '../../../dist/torch/serialization/index.js';
import { resolveTrainConfig } from '../../../dist/train/config/config.js';
import type { TrainConfigInput } from '../../../dist/train/config/schema.js';
import type { TrainEvent } from '../../../dist/train/events.js';
import { createLoss } from '../../../dist/train/parts/createLoss.js';
import { createOptimizer } from '../../../dist/train/parts/createOptimizer.js';
import { createStepCounts } from '../../../dist/train/parts/createStepCounts.js';
import { networkOptions } from '../../../dist/train/parts/networkOptions.js';
import { samplerOptions } from '../../../dist/train/parts/samplerOptions.js';
import { openTrainingData } from '../../../dist/train/session/trainingData.js';
import { trainingStep } from '../../../dist/train/step.js';
import { writeBookScans } from '../../support/bookScans.js';
import { inGolden } from '../../support/paths.js';
import { pythonInterpreter } from '../../support/python.js';
import { scratchFolder } from '../../support/scratch.js';

const python = pythonInterpreter();
const steps = 20;
const seed = 5;

const folder = scratchFolder('book-run');
let splits = 0;
beforeAll(async () => {
  setNumThreads(1);
  await writeBookScans(join(folder, 'scans'));
});

const sumOf = (tensor: Tensor) => scope(() => tensor.to('float64').sum().item() as number);
const values = (tensor: Tensor) => [...(tensor.detach().to('float64').contiguous().data() as Float64Array)];
const furthest = (a: Tensor, b: Tensor): number =>
  scope(() => {
    expect(a.shape).toEqual(b.shape);
    const other = values(b);
    return values(a).reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
  });
const furthestOf = (a: number[], b: number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

/** Parts of a run, created by the run's own code, except that the crops are float64. */
async function partsOf(given: Partial<TrainConfigInput> = {}) {
  const config = resolveTrainConfig({
    data: join(folder, 'scans'),
    out: 'none',
    preset: 'book',
    samples: 16 * steps,
    seed,
    ...given,
  });
  const data = await openTrainingData(config, join(folder, `split-${++splits}.json`), () => {});
  const sampler = await createSampler(data.train(), { ...samplerOptions(config), dtype: 'float64' });
  sampler.startEpoch(1);
  manualSeed(config.seed);
  return { config, split: data.split, sampler, net: nn.unet(networkOptions(config)) };
}

describe.skipIf(python === null)(
  "the preset `book` beside a Python program of the book's way (skipped without `npm run python`)",
  () => {
    const ours = {
      initial: new Map<string, Tensor>(),
      final: new Map<string, Tensor>(),
      image: [] as Tensor[],
      mask: [] as Tensor[],
      loss: [] as number[],
      dice: 0,
      counted: [] as number[],
      crops: 0,
    };
    let theirs: { crops: number } & Record<'loss' | 'dice' | 'tp' | 'fn' | 'fp' | 'image' | 'mask', number[]>;
    let tensors: Map<string, Tensor>;
    const mostApart = (state: ReadonlyMap<string, Tensor>, kind: 'initial' | 'final') =>
      Math.max(...[...state].map(([name, tensor]) => furthest(tensor, tensors.get(`${kind}.${name}`)!)));

    beforeAll(async () => {
      const { config, sampler, net } = await partsOf();
      ours.crops = sampler.counts.positiveCrops;
      ours.initial = new Map([...net.stateDict()].map(([name, tensor]) => [name, tensor.detach().clone()]));
      const [weights, out] = [join(folder, 'weights.safetensors'), join(folder, 'out.safetensors')];
      saveTensorsSync(weights, ours.initial);
      const program = inGolden('make', 'book_run.py');
      const beside = promisify(execFile)(python!, [
        program,
        join(folder, 'scans'),
        weights,
        String(seed),
        String(steps),
        out,
      ]);
      net.to('float64').train();
      const criterion = createLoss(config);
      const counts = createStepCounts(config, 'cpu', 'training');
      const step = trainingStep({
        sampler: {
          next() {
            const batch = sampler.next();
            ours.image.push(keep(batch.image));
            ours.mask.push(keep(batch.mask));
            return batch;
          },
        },
        net,
        criterion(probability, mask) {
          const loss = criterion(probability, mask);
          ours.loss.push(loss.mean().item() as number);
          return loss;
        },
        optimizer: createOptimizer(net.parameters(), config),
        counts,
      });
      for (let n = 0; n < steps; n++) step();
      const { loss, truePositives, falseNegatives, falsePositives } = counts.read();
      ours.dice = loss;
      ours.counted = [truePositives, falseNegatives, falsePositives];
      ours.final = net.stateDict();
      theirs = JSON.parse((await beside).stdout);
      tensors = loadTensorsSync(out).tensors;
    }, 600_000);

    it('cuts, labels and augments the same crops from the same scans: within 1e-9 HU, labels identical', async ({
      annotate,
    }) => {
      expect(ours.crops).toBe(6);
      expect(theirs.crops).toBe(6);
      const apart = furthest(ours.image[0]!, tensors.get('image')!);
      await annotate(`crops: ${apart} HU`);
      expect(apart).toBeLessThan(1e-9);
      expect(values(ours.mask[0]!)).toEqual(values(tensors.get('mask')!));
      expect(ours.mask.map(sumOf)).toEqual(theirs.mask);
      expect(furthestOf(ours.image.map(sumOf), theirs.image)).toBeLessThan(1e-3);
      expect(sumOf(ours.mask[0]!)).toBeGreaterThan(100);
    });

    it('starts from the weights that the same seed gives in Python', async ({ annotate }) => {
      await annotate(`initial weights: ${mostApart(ours.initial, 'initial')}`);
      expect(mostApart(ours.initial, 'initial')).toBeLessThan(1e-6);
    });

    it('has the same loss in each of twenty steps and the same weights afterwards, within 1e-8 in float64', async ({
      annotate,
    }) => {
      await annotate(`loss: ${furthestOf(ours.loss, theirs.loss)}, weights: ${mostApart(ours.final, 'final')}`);
      expect(ours.loss).toHaveLength(steps);
      expect(furthestOf(ours.loss, theirs.loss)).toBeLessThan(1e-8);
      expect(ours.loss[19]).toBeLessThan(ours.loss[0]! / 3);
      expect(mostApart(ours.final, 'final')).toBeLessThan(1e-8);
    });

    it('counts the same pixels and logs the same loss, Dice alone', () => {
      const total = (list: number[]) => list.reduce((sum, value) => sum + value, 0);
      expect(ours.counted).toEqual([total(theirs.tp), total(theirs.fn), total(theirs.fp)]);
      expect(Math.abs(ours.dice - total(theirs.dice))).toBeLessThan(1e-8);
    });
  },
);

describe('fixing a single fault of the preset `book`', () => {
  /** Two batches, as bytes, and the number of crops of each kind. */
  const firstCrops = async (given: Partial<TrainConfigInput> = {}) => {
    const { sampler } = await partsOf(given);
    const found = scope(() => {
      const batches = [sampler.next(), sampler.next()];
      const bytes = (part: 'image' | 'mask') =>
        Buffer.concat(batches.map((batch) => Buffer.from(Float64Array.from(values(batch[part])).buffer)));
      return { image: bytes('image'), mask: bytes('mask'), counts: sampler.counts };
    });
    sampler.dispose();
    return found;
  };
  let book: Awaited<ReturnType<typeof firstCrops>>;
  beforeAll(async () => {
    book = await firstCrops();
  });

  it.each([
    ['offsetNoOp', 'images and labels'],
    ['batchTransform', 'images and labels'],
    ['transposedDirection', 'images and labels'],
    ['edgeMismatch', 'images and labels'],
    ['annotatedSliceOnly', 'images and labels'],
    ['borderAtWindow', 'images'],
    ['noiseAfterClamp', 'images'],
    ['shiftedLabel', 'labels'],
    ['labelResample', 'labels'],
    ['wrapAtEdges', 'labels'],
    ['boxLabels', 'labels'],
    ['stopOnEither', 'labels'],
  ])('%s, changes %s', async (fault, changed) => {
    const { image, mask } = await firstCrops({ compat: { [fault]: false } });
    expect([!image.equals(book.image), !mask.equals(book.mask)]).toEqual([
      changed.includes('images'),
      changed.includes('labels'),
    ]);
  });

  it('positiveCropsOnly, adds the crops without a nodule that `negatives` asks for', async () => {
    expect((await firstCrops({ negatives: 0.25 })).counts.negativeCrops).toBe(0);
    const fixed = await firstCrops({ negatives: 0.25, compat: { positiveCropsOnly: false } });
    expect(fixed.counts.negativeCrops).toBeGreaterThan(0);
  });

  it('biasInit, draws the biases around 0', async () => {
    const biases = async (biasInit: boolean) => {
      const { net } = await partsOf({ compat: { biasInit } });
      return [...net.namedParameters()].flatMap(([name, tensor]) =>
        /up\.bias$|block\.[03]\.bias$/.test(name) ? values(tensor) : [],
      );
    };
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    expect(mean(await biases(true))).toBeLessThan(-0.04);
    expect(Math.abs(mean(await biases(false)))).toBeLessThan(0.015);
  });

  it('strideSplit, chooses validation patients by the seed, not by the place in the list', async () => {
    expect((await partsOf()).split).toMatchObject({ rule: 'stride', validation: ['1.0'] });
    const chosen = await Promise.all(
      [1, 2, 3, 4].map((drawn) => partsOf({ seed: drawn, compat: { strideSplit: false } })),
    );
    expect(chosen.some(({ split }) => split.validation[0] !== '1.0')).toBe(true);
  });
});

describe('a run with the preset `book`', { timeout: 60_000 }, () => {
  let runs = 0;
  const run = async (given: Partial<TrainConfigInput>) => {
    const events: TrainEvent[] = [];
    const fixed = { preset: 'book', samples: 8, batch: 8, cropSize: 32, epochs: 1, images: 0, threads: 1 } as const;
    for await (const event of train({
      ...fixed,
      data: join(folder, 'scans'),
      out: join(folder, `run-${++runs}`),
      ...given,
    }))
      events.push(event);
    const only = <T extends TrainEvent['type']>(type: T) =>
      events.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);
    return {
      loss: only('step')[0]!.loss,
      trained: only('epoch')[0]!.metrics,
      slices: only('validation-progress').at(-1)!.of,
      validation: only('validation')[0]!,
    };
  };

  it('validates on positive slices, scores by pixel recall, logs Dice alone, and counts negative false positives without augmentation', async () => {
    // After one batch, a network predicts next to nothing.
    const low = { threshold: 1e-6, augment: { flip: false, offset: 0, scale: 0, rotate: false, noise: 0 } };
    const { loss, trained, slices, validation } = await run(low);
    expect(slices).toBeLessThan(18);
    expect(validation.metrics.recall).toBeGreaterThan(0);
    expect(validation.score).toBe(validation.metrics.recall);
    expect(loss).toBeLessThan(1);
    expect(trained.percent.falsePositive).toBeLessThan(0);
    expect(trained.precision).toBeLessThan(0);

    const compat = { positiveSlicesOnly: false, selectByRecall: false, diceLogged: false, bitwiseNot: false };
    const fixed = await run({ ...low, compat });
    expect(fixed.slices).toBe(18);
    expect(fixed.validation.score).not.toBe(fixed.validation.metrics.recall);
    expect(fixed.loss).toBeGreaterThan(1);
    expect(fixed.trained.percent.falsePositive).toBeGreaterThan(0);
  });

  it('counts false positives correctly with any augmentation, despite the switch', async () => {
    // So low a threshold that there are false positives.
    expect((await run({ threshold: 1e-6 })).trained.percent.falsePositive).toBeGreaterThan(0);
  });

  it('keeps a first model with score 0 as the best, unless zeroIsBest is fixed', async () => {
    const threshold = 0.999999;
    expect((await run({ threshold })).validation).toMatchObject({ score: 0, best: true });
    expect((await run({ threshold, compat: { zeroIsBest: false } })).validation).toMatchObject({
      score: 0,
      best: false,
    });
  });
});
