import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, upperMedian } from '../../../dist/ct/index.js';

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });
const sorted = (values: readonly number[]) => Float64Array.from(values).sort();

describe('the median', () => {
  it('is the middle of the sorted values, or the mean of the two middle ones', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const [low, high] = [(values.length - 1) >> 1, values.length >> 1];
        const order = sorted(values);
        expect(median(Float64Array.from(values)) === (order[low]! + order[high]!) / 2).toBe(true);
        expect(upperMedian(Float64Array.from(values)) === order[high]).toBe(true);
      }),
    );
  });

  it('copes with many equal values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 60 }), (values) => {
        expect(upperMedian(Float64Array.from(values))).toBe(sorted(values)[values.length >> 1]);
      }),
    );
  });

  it('is null without values', () => {
    expect([median(new Float64Array()), upperMedian(new Float64Array())]).toEqual([null, null]);
  });
});
