import { expect, it } from 'vitest';
import { stepMemory } from '../../support/stepMemory.js';

// Resident memory needs the long run (test/long/step-memory.test.ts): so few steps do not show a leak.
it('training steps leak no tensor and no byte, even across epochs', { timeout: 120_000 }, () => {
  const { steps, memoryAfter500, memoryAtEnd, meanLoss } = stepMemory(1200);
  expect(steps).toBe(1200);
  expect(memoryAfter500.bytes.cpu).toBeGreaterThan(4 * 3 * 118_271);
  expect(memoryAtEnd).toEqual(memoryAfter500);
  expect(meanLoss).toBeLessThan(0.5);
});
