import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { worldLPS, writeMask } from '../../../dist/ct/index.js';
import { labelScan } from '../../../dist/data/labelling/labelScan.js';
import { createRule, type ScanTruth } from '../../../dist/labels/index.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume, gridOf } from '../../support/volume.js';

const folder = scratchFolder('background');
const shape = [10, 40, 40] as const;
const geometry = gridOf(shape, { spacing: [1, 1, 2] });
const volume = buildVolume(shape, -600, { ...geometry, uid: 'a' });
const none: ScanTruth = { annotations: [], mask: null, votes: null, contours: null };
const label = (truth: Partial<ScanTruth>, count = 20) => labelScan(volume, { ...none, ...truth }, createRule(), count);

describe('places without a nodule', () => {
  it('alternate between listed candidates and others', async () => {
    // World is x, y, z; a place is slice, row, column.
    const candidates = [worldLPS(5, 6, 8), worldLPS(7, 8, 10), worldLPS(500, 0, 0)];
    const { background } = await label({ candidates });
    const places = background.map(String);
    expect([places[0], places[2]].sort()).toEqual(['4,6,5', '5,8,7']);
    expect(background).toHaveLength(20);
    expect((await label({ candidates })).background).toEqual(background);
  });

  it('are inside the given lungs and not in the trachea', async () => {
    const lungs = join(folder, 'lungs.mha');
    const voxels = Uint8Array.from({ length: 16000 }, (_, at) => [0, 3, 4, 5][at % 4]!);
    await writeMask(lungs, { ...geometry, voxels, uid: 'a' });
    const { background } = await label({
      lungs,
      candidates: [worldLPS(4, 0, 0), worldLPS(5, 0, 0), worldLPS(7, 0, 0)],
    });
    expect(background.length).toBe(20);
    for (const [, , column] of background) expect([1, 2]).toContain(column % 4);
    expect(background[0]).toEqual([0, 0, 5]);
  });

  it('are never near an excluded finding, which is kept as ignored', async () => {
    const excluded = [{ uid: 'a', center: worldLPS(20, 20, 10), diameterMm: null, line: 2 }];
    const { background, ignored, nodules } = await label({ excluded, candidates: [worldLPS(21, 20, 10)] }, 200);
    expect([ignored, nodules]).toEqual([[{ center: [5, 20, 20], diameterMm: 10 }], []]);
    expect(background.length).toBe(200);
    for (const [s, r, c] of background) expect(Math.hypot(2 * (s - 5), r - 20, c - 20)).toBeGreaterThanOrEqual(10);
    expect((await label({})).ignored).toBeUndefined();
  });

  it('are refused with the lungs of another scan', async () => {
    const lungs = join(folder, 'other.mha');
    await writeMask(lungs, { ...geometry, shape: [1, 2, 2], voxels: new Uint8Array(4), uid: 'b' });
    await expect(label({ lungs })).rejects.toMatchObject({
      code: 'mask-shape',
      message: expect.stringMatching(/it has \[1,2,2\] voxels, expected the \[10,40,40\] of its scan a/),
    });
  });
});

it('in a crop around one nodule, hard places are the middles of slices without a label', async () => {
  const shape = volume.shape;
  const rule = {
    ...createRule(),
    label: async () => {
      const mask = new Uint8Array(volume.voxels.length);
      mask[(2 * shape[1] + 3) * shape[2] + 3] = 1;
      return { mask, nodules: [] };
    },
  };
  const { background } = await labelScan(volume, { ...none, oneNodule: true }, rule, 8);
  const middles = background.filter((_, i) => i % 2 === 0);
  expect(middles).toHaveLength(4);
  for (const [slice, row, column] of middles) {
    expect(slice).not.toBe(2);
    expect([row, column]).toEqual([shape[1] >> 1, shape[2] >> 1]);
  }
});
