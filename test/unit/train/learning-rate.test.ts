import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { learningRate } from '../../../dist/train/parts/learningRate.js';
import { inGolden } from '../../support/paths.js';

const golden: Record<string, number[]> = JSON.parse(readFileSync(inGolden('schedules.json'), 'utf8'));
const config = { schedule: 'cosine', learningRate: 0.1, warmUpSteps: 0, polyPower: 0.9 } as const;
type Schedule = 'constant' | 'cosine' | 'poly' | 'one-cycle';

describe('learningRate', () => {
  it.each(Object.entries(golden))("follows PyTorch's schedule: %s", (name, wanted) => {
    const schedule = name.split(' ')[0] as Schedule;
    const warmUpSteps = name.endsWith('after 5') ? 5 : 0;
    wanted.forEach((rate, step) => {
      expect(learningRate({ ...config, schedule, warmUpSteps }, step, 40), `step ${step}`).toBeCloseTo(rate, 12);
    });
  });

  it('is finite and not negative for every schedule, however short the run', () => {
    for (const schedule of ['constant', 'cosine', 'poly', 'one-cycle'] as const)
      for (const steps of [1, 2, 3, 7])
        for (const warmUpSteps of [0, 1, 10])
          for (let step = 0; step <= steps; step++) {
            const rate = learningRate({ ...config, schedule, warmUpSteps }, step, steps);
            expect(rate >= 0 && rate <= 0.1 + 1e-12, `${schedule} ${warmUpSteps} ${step} of ${steps}: ${rate}`).toBe(
              true,
            );
          }
  });
});
