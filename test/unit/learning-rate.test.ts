import { describe, expect, it } from 'vitest';
import { learningRate } from '../../dist/train/learningRate.js';

describe('learningRate', () => {
  const cosine = { decay: 'cosine', learningRate: 0.01 } as const;
  it('falls along half a cosine from the full rate to 0', () => {
    expect(learningRate(cosine, 0, 100)).toBe(0.01);
    expect(learningRate(cosine, 50, 100)).toBeCloseTo(0.005, 12);
    expect(learningRate(cosine, 100, 100)).toBeCloseTo(0, 12);
  });
  it('stays where no decay is wanted', () => {
    expect(learningRate({ decay: 'none', learningRate: 0.01 }, 99, 100)).toBe(0.01);
  });
});
