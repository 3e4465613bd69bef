import { describe, expect, it } from 'vitest';
import { matchScan, noduleScores, scoreCrop, selectionScore } from '../../../dist/score/index.js';

const shape = [1, 1, 12] as const;
const crop = (prediction: number[], truth: number[], diameterMm: number) =>
  scoreCrop(
    matchScan({ prediction, truth, shape, spacing: [1, 1, 1], nodules: [{ centerIRC: [0, 0, 3], diameterMm }] }),
  );
const painted = (...at: number[]) => Array.from({ length: 12 }, (_, i) => (at.includes(i) ? 1 : 0));

describe('a crop around one nodule', () => {
  it('has the Dice of all that is predicted in it', () => {
    const { nodules, falseComponents } = crop(painted(2, 3, 9), painted(2, 3, 4), 3);
    expect(nodules).toMatchObject([{ found: true, dice: 4 / 6, overlap: { shared: 2, predicted: 3, truth: 3 } }]);
    expect(falseComponents).toBe(1);
  });

  it('without truth is left empty or not, and counted apart', () => {
    const [empty, full] = [crop(painted(), painted(), 0), crop(painted(5, 8), painted(), 0)];
    expect([empty.nodules[0]!.found, full.nodules[0]!.found, full.falseComponents]).toEqual([false, true, 2]);
    const missed = crop(painted(), painted(3), 1);
    expect(noduleScores([empty, full, missed])).toMatchObject({
      nodules: 1,
      withoutAgreement: 2,
      leftEmpty: 1,
      found: 0,
      dice3d: 0,
      missed: 1,
      joint: 1 / 3,
      jointOfEmpty: 2 / 3,
      quality: 0,
    });
  });

  it('selects by the mean Dice, less up to half for the crops without truth that were not left empty', () => {
    const half = crop(painted(3, 4), painted(2, 3), 2);
    const whole = crop(painted(2, 3), painted(2, 3), 2);
    const [empty, full] = [crop(painted(), painted(), 0), crop(painted(5, 8), painted(), 0)];
    expect(selectionScore([half, whole])).toBe(0.75);
    expect(selectionScore([half, whole, empty])).toBe(0.75);
    expect(selectionScore([half, whole, full])).toBe(0.75 * 0.5);
    expect(selectionScore([half, whole, full, empty])).toBe(0.75 * 0.75);
    // False components count in whole scans only: here their voxels have cost Dice already.
    expect(selectionScore([crop(painted(2, 3, 7), painted(2, 3), 2)])).toBe(0.8);
    expect(selectionScore([empty, full])).toBeNull();
  });
});
