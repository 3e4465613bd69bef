import { describe, expect, it } from 'vitest';
import { matchScan, noduleScores, scoreCrop, selectionScore } from '../../../dist/score/index.js';

const shape = [1, 1, 12] as const;
const crop = (prediction: number[], truth: number[], diameterMm: number) =>
  scoreCrop(
    matchScan({ prediction, truth, shape, spacing: [1, 1, 1], nodules: [{ centerIRC: [0, 0, 3], diameterMm }] }),
  );
const voxelsAt = (...at: number[]) => Array.from({ length: 12 }, (_, i) => (at.includes(i) ? 1 : 0));

describe('a crop around one nodule', () => {
  it('has the Dice of everything predicted in it', () => {
    const { nodules, falseComponents } = crop(voxelsAt(2, 3, 9), voxelsAt(2, 3, 4), 3);
    expect(nodules).toMatchObject([{ found: true, dice: 4 / 6, overlap: { shared: 2, predicted: 3, truth: 3 } }]);
    expect(falseComponents).toBe(1);
  });

  it('counts separately without truth, by whether it is left empty', () => {
    const [empty, full] = [crop(voxelsAt(), voxelsAt(), 0), crop(voxelsAt(5, 8), voxelsAt(), 0)];
    expect([empty.nodules[0]!.found, full.nodules[0]!.found, full.falseComponents]).toEqual([false, true, 2]);
    const missed = crop(voxelsAt(), voxelsAt(3), 1);
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

  it('selects by the mean Dice, minus up to half for crops without truth that were not left empty', () => {
    const half = crop(voxelsAt(3, 4), voxelsAt(2, 3), 2);
    const whole = crop(voxelsAt(2, 3), voxelsAt(2, 3), 2);
    const [empty, full] = [crop(voxelsAt(), voxelsAt(), 0), crop(voxelsAt(5, 8), voxelsAt(), 0)];
    expect(selectionScore([half, whole])).toBe(0.75);
    expect(selectionScore([half, whole, empty])).toBe(0.75);
    expect(selectionScore([half, whole, full])).toBe(0.75 * 0.5);
    expect(selectionScore([half, whole, full, empty])).toBe(0.75 * 0.75);
    // False components count only in whole scans: in crops their voxels already lower the Dice.
    expect(selectionScore([crop(voxelsAt(2, 3, 7), voxelsAt(2, 3), 2)])).toBe(0.8);
    expect(selectionScore([empty, full])).toBeNull();
  });
});
