import { expect, it } from 'vitest';
import { trainEpoch } from '../../../dist/train/epochLoop.js';
import { initialState } from '../../../dist/train/run/runState.js';

const counted = (steps: number) => ({
  samples: 4 * steps,
  positiveSamples: steps,
  loss: 2 * steps,
  positiveLoss: steps,
  truePositives: 0,
  falseNegatives: 0,
  falsePositives: 0,
  pixels: 0,
  steps,
  badSteps: 0,
  firstBad: 0,
  lastBad: 0,
});

/**
 * Runs an epoch of 20 steps. Returns the pieces that were run, the steps that were reported and those that were saved.
 */
const epoch = (atOnce: number, logSteps: number, checkpointSteps: number) => {
  const state = initialState();
  const reported = { pieces: [] as [number, number][], logged: [] as number[], saved: [] as number[] };
  let steps = 0;
  const whole = trainEpoch({
    state,
    stepsPerEpoch: 20,
    steps: {
      atOnce,
      run(first: number, many: number) {
        reported.pieces.push([first, many]);
        steps += many;
      },
    },
    counts: { read: () => counted(steps) } as never,
    logSteps,
    checkpointSteps,
    checkpointMinutes: 0,
    saveLast: () => reported.saved.push(state.step),
    emit: (event) => event.type === 'step' && reported.logged.push(event.step),
    stopRequested: () => false,
    onCounts: () => {},
  });
  expect(whole).toBe(true);
  expect(reported.pieces.reduce((sum, [, many]) => sum + many, 0)).toBe(20);
  return reported;
};

it('runs steps in pieces that end where something is reported or saved', () => {
  expect(epoch(100, 8, 5)).toEqual({
    pieces: [
      [0, 5],
      [5, 3],
      [8, 2],
      [10, 5],
      [15, 1],
      [16, 4],
    ],
    logged: [5, 8, 10, 15, 16, 20],
    saved: [5, 10, 15],
  });
  expect(epoch(7, 100, 0).pieces).toEqual([
    [0, 7],
    [7, 7],
    [14, 6],
  ]);
  expect(epoch(1, 10, 0)).toMatchObject({ logged: [10, 20], saved: [] });
});
