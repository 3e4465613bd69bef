import { describe, expect, it } from 'vitest';
import { fromData, memory, tensor } from '../../dist/torch/index.js';
import { StepCounts } from '../../dist/train/stepCounts.js';

const maps = (...samples: number[][]) => fromData(Float32Array.from(samples.flat()), [samples.length, 1, 2, 2]);

describe('StepCounts', () => {
  it('counts pixels and losses of samples with and without label over several steps', () => {
    const counts = new StepCounts('cpu', 0.5);
    counts.add(maps([0.9, 0.9, 0.1, 0.1], [0.9, 0.1, 0.1, 0.1]), maps([1, 0, 1, 0], [0, 0, 0, 0]), tensor([0.5, 1]));
    counts.add(maps([0.9, 0.9, 0.9, 0.9]), maps([1, 1, 0, 0]), tensor([0.25]));
    expect(counts.read()).toEqual({
      samples: 3,
      positiveSamples: 2,
      loss: 1.75,
      positiveLoss: 0.75,
      truePositives: 3,
      falseNegatives: 1,
      falsePositives: 4,
      steps: 2,
      firstBad: 0,
    });
    counts.reset();
    expect(counts.read()).toMatchObject({ samples: 0, steps: 0 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('names the first step whose loss is %d, not a later one', (bad) => {
    const counts = new StepCounts('cpu', 0.5);
    for (const loss of [0.5, 0.5, bad, 0.5, bad]) counts.add(maps([1, 0, 0, 0]), maps([1, 0, 0, 0]), tensor([loss]));
    expect(counts.read()).toMatchObject({ steps: 5, firstBad: 3 });
  });

  it('counts exactly beyond what float32 can', () => {
    const counts = new StepCounts('cpu', 0.5);
    counts.tensor.fill_(2 ** 24);
    counts.add(maps([1, 0, 0, 0]), maps([0, 0, 0, 0]), tensor([1]));
    expect(counts.read().falsePositives).toBe(2 ** 24 + 1);
  });

  it('leaves no tensor behind', () => {
    const counts = new StepCounts('cpu', 0.5);
    const [probability, mask, loss] = [maps([1, 0, 0, 0]), maps([1, 0, 0, 0]), tensor([0.5])];
    counts.add(probability, mask, loss);
    const before = memory();
    for (let n = 0; n < 50; n++) counts.add(probability, mask, loss);
    expect(memory()).toEqual(before);
  });
});
