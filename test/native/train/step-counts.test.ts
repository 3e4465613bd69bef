import { describe, expect, it } from 'vitest';
import { fromData, memory, tensor } from '../../../dist/torch/index.js';
import { StepCounts } from '../../../dist/train/parts/stepCounts.js';

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
      pixels: 12,
      steps: 0,
      badSteps: 0,
      firstBad: 0,
      lastBad: 0,
    });
    counts.reset();
    expect(counts.read()).toMatchObject({ samples: 0, pixels: 0 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('skips samples whose loss is %d', (bad) => {
    const counts = new StepCounts('cpu', 0.5);
    counts.add(maps([0.9, 0.9, 0, 0], [0.9, 0, 0, 0]), maps([1, 1, 1, 1], [0, 0, 0, 0]), tensor([bad, 0.5]));
    expect(counts.read()).toMatchObject({ samples: 1, positiveSamples: 0, loss: 0.5, truePositives: 0, pixels: 4 });
  });

  it('skips samples that are not to be counted', () => {
    const counts = new StepCounts('cpu', 0.5);
    const wanted = tensor([true, false], { dtype: 'bool' });
    counts.add(maps([0.9, 0.9, 0, 0], [0.9, 0, 0, 0]), maps([1, 1, 1, 1], [0, 0, 0, 0]), tensor([0.25, 0.5]), wanted);
    expect(counts.read()).toMatchObject({ samples: 1, loss: 0.25, truePositives: 2, falsePositives: 0 });
  });

  it('counts bad steps and records the first and the last', () => {
    const counts = new StepCounts('cpu', 0.5);
    for (const bad of [0, 0, 1, 0, 1, 0]) counts.endStep(tensor([bad]));
    expect(counts.read()).toMatchObject({ steps: 6, badSteps: 2, firstBad: 3, lastBad: 5 });
  });

  it('continues from saved counts, and rejects those of another version', () => {
    const counts = new StepCounts('cpu', 0.5);
    counts.endStep(tensor([1]));
    const other = new StepCounts('cpu', 0.5);
    other.restore(counts.tensor);
    expect(other.read()).toEqual(counts.read());
    expect(() => other.restore(tensor([1, 2]))).toThrow('found 2 counts in the checkpoint, expected 12');
  });

  it('counts exactly beyond the range of float32', () => {
    const counts = new StepCounts('cpu', 0.5);
    counts.tensor.fill_(2 ** 24);
    counts.add(maps([1, 0, 0, 0]), maps([0, 0, 0, 0]), tensor([1]));
    expect(counts.read().falsePositives).toBe(2 ** 24 + 1);
  });

  it('counts as `~` on integers does with the fault `bitwiseNot`, and the logged loss if it is another one', () => {
    const logged = () => tensor([0.125, 0.25]);
    const counts = new StepCounts('cpu', 0.5, { bitwiseNot: true, logged });
    counts.add(maps([0.9, 0.9, 0.1, 0.1], [0.9, 0.9, 0.9, 0.1]), maps([1, 0, 1, 0], [0, 0, 0, 0]), tensor([0.5, 1]));
    // Python: sum(predicted * (-1 - label)) = -(2 + 1) - 3.
    expect(counts.read()).toMatchObject({ truePositives: 1, falseNegatives: 1, falsePositives: -6, loss: 0.375 });
  });

  it('leaks no tensor', () => {
    const counts = new StepCounts('cpu', 0.5);
    const [probability, mask, loss] = [maps([1, 0, 0, 0]), maps([1, 0, 0, 0]), tensor([0.5])];
    counts.add(probability, mask, loss);
    const before = memory();
    for (let n = 0; n < 50; n++) counts.add(probability, mask, loss);
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });
});
