import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexIRC, indexToWorld, type Shape3, type Volume, writeMask } from '../../../dist/ct/index.js';
import { type Annotation, createRule, type LabelRuleOptions, type ScanTruth } from '../../../dist/labels/index.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const folder = scratchFolder('rules');
const volumeOf = (shape: Shape3, spacing: Volume['spacing']) =>
  buildVolume(shape, 0, { spacing, origin: [3, -4, 5], uid: 'scene' });
const annotate = (volume: Volume, place: [number, number, number], diameterMm: number | null): Annotation => ({
  uid: volume.uid,
  center: indexToWorld(volume, indexIRC(...place)),
  diameterMm,
  line: 2,
});
const nothing: ScanTruth = { annotations: [], mask: null, votes: null, contours: null };
const label = (options: LabelRuleOptions, volume: Volume, truth: Partial<ScanTruth>) =>
  createRule(options).label(volume, { ...nothing, ...truth });
let files = 0;
const image = async (volume: Volume, voxels: Uint8Array): Promise<string> => {
  const path = join(folder, `${files++}.mha`);
  await writeMask(path, { ...volume, voxels });
  return path;
};
const total = (mask: Uint8Array) => mask.reduce((sum, voxel) => sum + voxel, 0);

describe("the rule 'sphere'", () => {
  it('labels the voxels whose centres lie within the annotated radius, in mm', async () => {
    const volume = volumeOf([9, 21, 21], [0.5, 1, 2]);
    const { mask, nodules } = await label({ labels: 'sphere' }, volume, {
      annotations: [annotate(volume, [4, 10, 10], 8)],
    });
    mask.forEach((voxel, k) => {
      const [i, r, c] = [Math.floor(k / 441), Math.floor(k / 21) % 21, k % 21];
      expect(voxel).toBe(Math.hypot((i - 4) * 2, r - 10, (c - 10) * 0.5) <= 4 ? 1 : 0);
    });
    expect(nodules[0]).toMatchObject({ boxLow: [2, 6, 2], boxHigh: [6, 14, 18] });
  });

  it('is the same ball for any order of the axes', () =>
    fc.assert(
      fc.asyncProperty(
        // Quarter voxels, with diameters that keep all centres off the sphere, where rounding would decide.
        fc.tuple(...[7, 9, 11].map((length) => fc.integer({ min: 0, max: 4 * (length - 1) }).map((n) => n / 4))),
        fc.integer({ min: 10, max: 120 }).map((n) => n / 10 + 0.00317),
        fc.constantFrom([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]),
        async (place, diameter, order) => {
          const [shape, spacing] = [
            [7, 9, 11],
            [2, 1.5, 0.7],
          ];
          const sorted = <T>(values: readonly T[]) => order.map((axis) => values[axis]!) as unknown as [T, T, T];
          const count = async (volume: Volume, at: [number, number, number]) =>
            total((await label({ labels: 'sphere' }, volume, { annotations: [annotate(volume, at, diameter)] })).mask);
          const plain = volumeOf([7, 9, 11], [0.7, 1.5, 2]);
          const turned = volumeOf(sorted(shape!), sorted(spacing!).reverse() as unknown as [number, number, number]);
          expect(await count(turned, sorted(place as number[]))).toBe(
            await count(plain, place as [number, number, number]),
          );
        },
      ),
      { numRuns: 40 },
    ));

  it('keeps a nodule smaller than a voxel, cuts one at the edge, and refuses one without a diameter', async () => {
    const volume = volumeOf([5, 9, 9], [1, 1, 10]);
    const small = await label({ labels: 'sphere' }, volume, { annotations: [annotate(volume, [2.4, 4.4, 4.4], 0.5)] });
    expect(total(small.mask)).toBe(1);
    const edge = await label({ labels: 'sphere' }, volume, { annotations: [annotate(volume, [0, 0, 0], 6)] });
    expect([total(edge.mask), edge.nodules[0]!.boxHigh]).toEqual([11, [0, 3, 3]]);
    await expect(
      label({ labels: 'sphere' }, volume, { annotations: [annotate(volume, [1, 1, 1], null)] }),
    ).rejects.toMatchObject({ code: 'diameter-missing' });
  });
});

describe("the rule 'votes'", () => {
  const volume = volumeOf([3, 8, 8], [1, 1, 2]);
  const at = (i: number, r: number, c: number) => (i * 8 + r) * 8 + c;

  it('labels fewer voxels if more readers must agree', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 192, maxLength: 192, max: 4 }), async (counts) => {
        const votes = await image(volume, counts);
        let before = new Uint8Array(192).fill(1);
        for (const threshold of [1, 2, 3, 4]) {
          const { mask } = await label({ labels: 'votes', votes: { threshold } }, volume, { votes });
          expect(mask.every((voxel, k) => voxel === (counts[k]! >= threshold ? 1 : 0) && voxel <= before[k]!)).toBe(
            true,
          );
          before = Uint8Array.from(mask);
        }
      }),
      { numRuns: 20 },
    ));

  it('takes each 26-connected component of marked voxels as a nodule, even without agreement', async () => {
    const counts = new Uint8Array(192);
    for (const [place, readers] of [
      [at(0, 1, 1), 2],
      [at(1, 2, 2), 1],
      [at(0, 6, 6), 1],
    ] as const)
      counts[place] = readers;
    const annotation = annotate(volume, [0, 1, 3], 5);
    const far = annotate(volume, [2, 7, 0], 5);
    const truth = { votes: await image(volume, counts), annotations: [annotation, far] };
    const { mask, nodules } = await label({ labels: 'votes' }, volume, truth);
    expect([...mask.keys()].filter((k) => mask[k] === 1)).toEqual([at(0, 1, 1)]);
    expect(nodules).toEqual([
      { annotation, center: [0, 1, 3], boxLow: [0, 1, 1], boxHigh: [0, 1, 1], marked: true },
      expect.objectContaining({ center: [0, 6, 6], boxLow: [0, 6, 6], marked: true }),
      { annotation: far, center: [2, 7, 0], boxLow: [2, 7, 0], boxHigh: [2, 7, 0] },
    ]);
    expect(nodules[1]!.annotation).toMatchObject({ line: 0, diameterMm: 2 * Math.cbrt(6 / (4 * Math.PI)) });
  });
});

describe("the rule 'mask'", () => {
  const volume = volumeOf([2, 6, 6], null);

  it('uses the meaning of each value, and refuses a value without one', async () => {
    const values = new Uint8Array(72);
    values.set([1, 2, 3], 10);
    const mask = await image({ ...volume, spacing: [1, 1, 1] }, values);
    const maskValues = { nodule: [2, 3], other: [0, 1] };
    expect(total((await label({ labels: 'mask' }, volume, { mask, maskValues })).mask)).toBe(2);
    expect(total((await label({ labels: 'mask' }, volume, { mask })).mask)).toBe(3);
    await expect(
      label({ labels: 'mask' }, volume, { mask, maskValues: { nodule: [2], other: [0, 1] } }),
    ).rejects.toMatchObject({
      code: 'mask-value',
      message: expect.stringContaining('voxel 12 is 3, expected one of 2, 0, 1'),
    });
  });

  it('finds nodules without annotations, in voxels without a spacing, and one in any crop', async () => {
    const values = new Uint8Array(72);
    for (const k of [0, 1, 35]) values[k] = 1;
    const mask = await image({ ...volume, spacing: [1, 1, 1] }, values);
    const { nodules } = await label({ labels: 'mask' }, volume, { mask });
    expect(nodules.map(({ boxLow, boxHigh }) => [boxLow, boxHigh])).toEqual([
      [
        [0, 0, 0],
        [0, 0, 1],
      ],
      [
        [0, 5, 5],
        [0, 5, 5],
      ],
    ]);
    expect(nodules[0]!.annotation.diameterMm).toBeNull();
    const crop = await label({ labels: 'mask' }, volume, { mask, oneNodule: true });
    expect(crop.nodules).toMatchObject([{ boxLow: [0, 0, 0], boxHigh: [0, 5, 5] }]);
    const empty = await image({ ...volume, spacing: [1, 1, 1] }, new Uint8Array(72));
    expect((await label({ labels: 'mask' }, volume, { mask: empty, oneNodule: true })).nodules).toHaveLength(1);
  });
});

describe('choosing a rule', () => {
  it("'auto' reads the mask if a scan has one, else no file", () => {
    const rule = createRule();
    expect([rule.name, rule.files(nothing), rule.files({ ...nothing, mask: 'm.mha' })]).toEqual([
      'auto',
      [],
      ['m.mha'],
    ]);
  });

  it.each(['mask', 'votes', 'contours'] as const)("'%s' refuses a scan that lacks what it reads", async (labels) => {
    const rule = createRule({ labels });
    expect(() => rule.files(nothing)).toThrowError(expect.objectContaining({ code: 'label-source' }));
    await expect(rule.label(volumeOf([1, 2, 2], [1, 1, 1]), nothing)).rejects.toMatchObject({
      code: 'label-source',
      message: expect.stringContaining('the scan scene'),
    });
  });

  it('fills in the defaults of the chosen rule', () => {
    expect(createRule({ labels: 'votes' }).options).toEqual({ threshold: 2 });
    expect(createRule({ labels: 'box' }).options).toMatchObject({ preset: 'default', reach: 1.15, thresholdHu: -700 });
    expect(() => createRule({ labels: 'votes', votes: { threshold: 0 } })).toThrowError(
      expect.objectContaining({ code: 'options', message: expect.stringContaining('threshold') }),
    );
  });
});
