import { expect, it } from 'vitest';
import { stepMemory } from '../support/stepMemory.js';

it('10,000 training steps at 1×7×16×16 leak no tensor and no byte, and resident memory stays within 2 %', () => {
  const seen = stepMemory(10_000);
  console.log(JSON.stringify(seen));
  expect(seen.memoryAtEnd).toEqual(seen.memoryAfter500);
  expect(seen.rssAtEnd / seen.rssAtHalf).toBeGreaterThan(0.98);
  expect(seen.rssAtEnd / seen.rssAtHalf).toBeLessThan(1.02);
});
