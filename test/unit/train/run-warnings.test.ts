import { expect, it } from 'vitest';
import { initialState } from '../../../dist/train/run/runState.js';
import { timedSampler } from '../../../dist/train/steps/timedSampler.js';
import { starvationWarning, validationWarnings } from '../../../dist/train/validation/runWarnings.js';

/** Warnings of each of these validations, given as [score, predicted share]. */
const warningsOf = (validations: [score: number, painted: number | null][]) => {
  let state = initialState();
  return validations.map(([score, painted]) => {
    const warnings = validationWarnings(state, score, { painted });
    // As a checkpoint does.
    state = { ...JSON.parse(JSON.stringify(state)), epoch: state.epoch + 1 };
    return warnings.map((text) => text.split(/[:(]/)[0]?.trim());
  });
};

it('a flat score is reported once, at the fifth such validation in a row, and again after it has changed', () => {
  const flat = 'The score has been flat for 5 validations';
  const one = [0.3, 0.3004, 0.3, 0.2999, 0.3001, 0.3, 0.3].map((score): [number, number] => [score, 0.01]);
  expect(warningsOf(one)).toEqual([[], [], [], [], [flat], [], []]);
  const moved = [...one, [0.4, 0.01], ...one] as [number, number][];
  expect(warningsOf(moved).flatMap((texts, at) => (texts.includes(flat) ? [at] : []))).toEqual([4, 12]);
  expect(warningsOf([0.3, 0.31, 0.3, 0.31, 0.3, 0.31].map((score) => [score, 0.01])).flat()).toEqual([]);
});

it('empty and full predictions are reported when they begin', () => {
  const paintings = [0.01, 0, 0, 0.01, 0, 0.95, 1, null].map((painted, at): [number, number | null] => [at, painted]);
  expect(warningsOf(paintings)).toEqual([
    [],
    ['Validation of epoch 2'],
    [],
    [],
    ['Validation of epoch 5'],
    ['Validation of epoch 6'],
    [],
    [],
  ]);
  const state = initialState();
  expect(validationWarnings(state, 0, { painted: 0 })).toEqual([
    'Validation of epoch 1: no pixel is predicted as nodule, so every nodule is missed.',
  ]);
  expect(validationWarnings(state, 0, { painted: 0.97 })).toEqual([
    'Validation of epoch 1: 97 % of all pixels are predicted as nodule.',
  ]);
});

it('cutting crops is reported with its share if it takes more than half of an epoch', () => {
  expect(starvationWarning(400, 1000)).toBeNull();
  expect(starvationWarning(6200, 10_000)).toMatch(/^Cutting crops took 62 % of the epoch's 10\.0 s/);
});

it('a timed sampler measures the time of its calls since the last reading', () => {
  const busy = (milliseconds: number) => {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
  };
  const timed = timedSampler({ next: () => busy(20), startEpoch: () => busy(10) } as never);
  expect(timed.waited()).toBe(0);
  timed.startEpoch(1);
  timed.next();
  timed.next();
  expect(timed.waited()).toBeGreaterThanOrEqual(50);
  expect(timed.waited()).toBe(0);
});
