import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type IndexIRC,
  indexIRC,
  indexToWorld,
  isInside,
  type Matrix3,
  nearestIndex,
  readMask,
  readVolume,
  type Shape3,
  type Vector3,
  type Volume,
} from '../../../dist/ct/index.js';
import { type Annotation, boundingBoxMask, componentAt, readAnnotations } from '../../../dist/labels/index.js';
import { inGolden } from '../../support/paths.js';
import { sharedData, sharedGolden } from '../../support/shared.js';
import { buildVolume } from '../../support/volume.js';

interface Scene {
  shape: Shape3;
  hu: (index: number, row: number, column: number) => number;
  spacing?: Vector3;
  direction?: Matrix3;
}

const volumeOf = ({ shape, hu, ...grid }: Scene): Volume => buildVolume(shape, hu, { ...grid, uid: 'scene' });
const annotate = (volume: Volume, center: IndexIRC, diameterMm: number | null): Annotation => ({
  uid: volume.uid,
  center: indexToWorld(volume, center),
  diameterMm,
  line: 2,
});
const total = (mask: Uint8Array) => mask.reduce((sum, voxel) => sum + voxel, 0);
const ball =
  (center: Vector3, radius: number, inside: number, outside: number): Scene['hu'] =>
  (...place) =>
    Math.hypot(...place.map((value, axis) => value - center[axis]!)) <= radius ? inside : outside;

const agreement = (mask: Uint8Array, truth: (position: number) => boolean) => {
  const both = mask.reduce((sum, voxel, k) => sum + (truth(k) ? voxel : 0), 0);
  return (2 * both) / (total(mask) + mask.filter((_, k) => truth(k)).length);
};

interface BorderCase {
  case: string;
  center_irc: Vector3;
  dense_low: Vector3;
  dense_high_exclusive: Vector3;
  shape: Shape3;
  radii_irc: Vector3;
  mask_voxels: number;
  dense_voxels: number;
}
const { border_cases: borderCases } = JSON.parse(readFileSync(inGolden('book-mask-cases.json'), 'utf8')) as {
  border_cases: BorderCase[];
};
const sceneOf = ({ shape, dense_low: low, dense_high_exclusive: high }: BorderCase) =>
  volumeOf({
    shape,
    hu: (...place) => (place.every((value, axis) => value >= low[axis]! && value < high[axis]!) ? 0 : -1000),
  });

describe("the book's box rule", () => {
  it.each(borderCases.map((one) => [one.case, one] as const))('reproduces its faults: %s', (_name, one) => {
    const volume = sceneOf(one);
    const annotation = annotate(volume, indexIRC(...one.center_irc), 10);
    const { mask, nodules } = boundingBoxMask(volume, [annotation], { preset: 'book' });
    expect(nodules[0]).toMatchObject({ radii: one.radii_irc, voxels: one.mask_voxels, cutHu: -700 });
    expect(total(mask)).toBe(one.mask_voxels);
  });

  it.each(borderCases.filter((one) => one.center_irc[0] < one.shape[0]).map((one) => [one.case, one] as const))(
    'loses nothing at the edges if only wrapAtEdges is off: %s',
    (_name, one) => {
      const volume = sceneOf(one);
      const annotation = annotate(volume, indexIRC(...one.center_irc), 10);
      const { nodules } = boundingBoxMask(volume, [annotation], { preset: 'book', compat: { wrapAtEdges: false } });
      const offCentre = one.case.startsWith('off-centre') || one.case.startsWith('dense wall');
      if (offCentre) expect(nodules[0]!.voxels).toBeGreaterThanOrEqual(one.mask_voxels);
      else expect(nodules[0]!.voxels).toBe(one.dense_voxels);
    },
  );

  it('misplaces an annotation of a tilted scan, unlike the default', () => {
    const [c, s] = [Math.cos(0.5), Math.sin(0.5)];
    const direction: Matrix3 = [
      [1, 0, 0],
      [0, c, -s],
      [0, s, c],
    ];
    const volume = volumeOf({ shape: [40, 40, 40], hu: ball([20, 12, 20], 4, 0, -900), direction });
    const annotation = annotate(volume, indexIRC(20, 12, 20), 8);
    expect(boundingBoxMask(volume, [annotation]).nodules[0]!.center).toEqual([20, 12, 20]);
    const book = boundingBoxMask(volume, [annotation], { preset: 'book' }).nodules[0]!;
    expect(book.center).not.toEqual([20, 12, 20]);
    const fixed = boundingBoxMask(volume, [annotation], { preset: 'book', compat: { transposedDirection: false } });
    expect(fixed.nodules[0]!.center).toEqual([20, 12, 20]);
    const only = boundingBoxMask(volume, [annotation], { compat: { transposedDirection: true } });
    expect(only.nodules[0]!.center).toEqual(book.center);
    expect(agreement(only.mask, (k) => volume.voxels[k] === 0)).toBeLessThan(0.5);
  });
});

describe('the default box rule', () => {
  it.each([
    ['solid', 30, 1],
    ['part-solid', -400, 0.97],
    ['ground-glass', -650, 0.97],
    ['faint ground-glass', -760, 0.97],
  ])('labels a %s nodule to its edge', (_kind, hu, least) => {
    const volume = volumeOf({ shape: [30, 30, 30], hu: ball([15, 15, 15], 8, hu, -870) });
    const { mask, nodules } = boundingBoxMask(volume, [annotate(volume, indexIRC(15, 15, 15), 16)]);
    expect(nodules[0]!.cutHu).toBe(Math.min(-600, (hu - 870) / 2));
    expect(agreement(mask, (k) => volume.voxels[k] === hu)).toBeGreaterThanOrEqual(least);
  });

  it('keeps the shape of ground glass in noise of 60 HU', () => {
    let state = 1;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const noise = () => 60 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const quiet = volumeOf({ shape: [30, 30, 30], hu: ball([15, 15, 15], 8, -600, -870) });
    const noisy = { ...quiet, voxels: quiet.voxels.map((hu) => hu + noise()) };
    const { mask } = boundingBoxMask(noisy, [annotate(quiet, indexIRC(15, 15, 15), 16)]);
    expect(agreement(mask, (k) => quiet.voxels[k] === -600)).toBeGreaterThan(0.93);
  });

  it('excludes a vessel and the chest wall beyond the reach of the annotated radius', () => {
    const nodule = ball([20, 20, 20], 4, 0, -870);
    const volume = volumeOf({
      shape: [40, 40, 40],
      hu: (i, r, c) => (r > 23 || (Math.hypot(i - 20, c - 20) < 2 && r < 20) ? 40 : nodule(i, r, c)),
    });
    const { mask } = boundingBoxMask(volume, [annotate(volume, indexIRC(20, 20, 20), 8)]);
    const reach = volumeOf({ shape: volume.shape, hu: ball([20, 20, 20], 4 * 1.15, 1, 0) }).voxels;
    expect(mask.every((voxel, k) => voxel <= reach[k]!)).toBe(true);
    const book = boundingBoxMask(volume, [annotate(volume, indexIRC(20, 20, 20), 8)], { preset: 'book' });
    expect(total(book.mask)).toBeGreaterThan(2 * total(mask));
  });

  it('keeps the far side of a nodule annotated off its centre', () => {
    const volume = volumeOf({ shape: [40, 40, 40], hu: ball([20, 20, 20], 6, 0, -870) });
    const annotation = annotate(volume, indexIRC(20, 18, 20), 14);
    const { mask } = boundingBoxMask(volume, [annotation]);
    const stopped = boundingBoxMask(volume, [annotation], { compat: { stopOnEither: true } });
    expect(total(mask)).toBeGreaterThan(total(stopped.mask));
    expect(total(mask) / volume.voxels.filter((hu) => hu === 0).length).toBeGreaterThan(0.95);
  });

  it('keeps all of a label that touches the edge of the volume', () => {
    for (const center of [indexIRC(1, 15, 15), indexIRC(15, 0, 15), indexIRC(15, 15, 29), indexIRC(29, 29, 0)]) {
      const volume = volumeOf({ shape: [30, 30, 30], hu: ball(center, 5, 20, -870) });
      const { mask } = boundingBoxMask(volume, [annotate(volume, center, 10)]);
      expect(total(mask)).toBe(volume.voxels.filter((hu) => hu === 20).length);
    }
  });

  it('is never empty inside the volume and never exceeds its reach, for any densities', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1100, max: 400 }), { minLength: 5 * 9 * 9, maxLength: 5 * 9 * 9 }),
        fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 })),
        fc.double({ min: 0.5, max: 12, noNaN: true }),
        (values, place, diameter) => {
          const volume = volumeOf({
            shape: [5, 9, 9],
            hu: (i, r, c) => values[(i * 9 + r) * 9 + c]!,
            spacing: [0.7, 0.7, 4],
          });
          const center = indexIRC(...place);
          const { mask, nodules } = boundingBoxMask(volume, [annotate(volume, center, diameter)]);
          expect(nodules[0]!.voxels).toBe(total(mask));
          expect(total(mask)).toBeGreaterThan(0);
          mask.forEach((voxel, k) => {
            if (voxel === 0 || total(mask) === 1) return;
            const [i, r, c] = [Math.floor(k / 81), Math.floor(k / 9) % 9, k % 9];
            const mm = Math.hypot((i - place[0]) * 4, (r - place[1]) * 0.7, (c - place[2]) * 0.7);
            expect(mm).toBeLessThanOrEqual((1.15 * diameter) / 2 + 1e-9);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('labels the annotated sphere if its middle is not denser than lung (a cavity)', () => {
    const volume = volumeOf({ shape: [30, 30, 30], hu: ball([15, 15, 15], 4, -950, -870) });
    const { mask, nodules } = boundingBoxMask(volume, [annotate(volume, indexIRC(15, 15, 15), 8)]);
    expect(nodules[0]!.cutHu).toBeNull();
    expect([...mask]).toEqual([...volume.voxels].map((hu) => (hu === -950 ? 1 : 0)));
  });

  it("uses the book's rule without its faults at the edges if the diameter is unknown", () => {
    const volume = volumeOf({ shape: [30, 30, 30], hu: ball([2, 15, 15], 4, 0, -870) });
    const { mask, nodules } = boundingBoxMask(volume, [annotate(volume, indexIRC(2, 15, 15), null)]);
    expect(nodules[0]!.cutHu).toBe(-700);
    expect(total(mask)).toBe(volume.voxels.filter((hu) => hu === 0).length);
  });

  it('labels nothing for a point outside the volume and counts 0 voxels', () => {
    const volume = volumeOf({ shape: [10, 10, 10], hu: () => 0 });
    const { mask, nodules } = boundingBoxMask(volume, [annotate(volume, indexIRC(4, 12, 4), 6)]);
    expect([nodules[0]!.voxels, isInside(volume, nodules[0]!.center), total(mask)]).toEqual([0, false, 0]);
  });

  it('gives the same mask for voxels stored with scale and offset', () => {
    const volume = volumeOf({ shape: [30, 30, 30], hu: ball([15, 15, 15], 5, 30, -870) });
    const scaled = { ...volume, voxels: volume.voxels.map((hu) => (hu + 1000) / 2), scale: 2, offset: -1000 };
    const annotation = annotate(volume, indexIRC(15, 15, 15), 12);
    expect(boundingBoxMask(scaled, [annotation])).toEqual(boundingBoxMask(volume, [annotation]));
  });

  it('refuses a scan without HU or without spacing, and an unknown option', () => {
    const volume = volumeOf({ shape: [10, 10, 10], hu: () => 0 });
    const annotations = [annotate(volume, indexIRC(4, 4, 4), 6)];
    expect(() => boundingBoxMask({ ...volume, intensity: 'arbitrary' }, annotations)).toThrowError(
      expect.objectContaining({ code: 'rule-needs-hu', message: expect.stringContaining('scene') }),
    );
    expect(() => boundingBoxMask({ ...volume, spacing: null }, annotations)).toThrowError(
      expect.objectContaining({ code: 'spacing-unknown' }),
    );
    expect(() => boundingBoxMask(volume, annotations, { presets: 'book' } as never)).toThrowError(
      expect.objectContaining({ code: 'options', message: expect.stringContaining('presets') }),
    );
  });
});

const luna = sharedData('luna16');
const masks = sharedGolden('book_masks.json');
describe.skipIf(luna === null || masks === null)('on the two real scans (skipped without ../shared)', () => {
  const dices = { book: [] as number[], default: [] as number[] };
  const hashes: [string, string][] = [];
  const golden = masks === null ? {} : JSON.parse(readFileSync(masks, 'utf8'));
  beforeAll(async () => {
    const all = await readAnnotations(join(luna as string, 'annotations.csv'));
    for (const [subset, uid] of Object.keys(golden).entries()) {
      const volume = await readVolume(join(luna as string, `subset${subset}`, `${uid}.mhd`));
      const votes = await readMask(join(luna as string, 'votes', `${uid}_votes.mhd`));
      const annotations = all.filter((one) => one.uid === uid);
      const { mask } = boundingBoxMask(volume, annotations, { preset: 'book' });
      hashes.push([createHash('sha256').update(mask).digest('hex'), golden[uid].mask_sha256]);
      for (const annotation of annotations) {
        const marked = (position: number) => votes.voxels[position]! >= 2;
        const truth = componentAt(marked, volume.shape, nearestIndex(volume, annotation.center));
        for (const preset of ['book', 'default'] as const) {
          const one = boundingBoxMask(volume, [annotation], { preset });
          const shared = truth.filter((position) => one.mask[position] === 1).length;
          dices[preset].push((2 * shared) / (truth.length + one.nodules[0]!.voxels));
        }
      }
    }
  });
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it("reproduces the book's masks voxel for voxel", () => {
    expect(hashes).toHaveLength(2);
    for (const [ours, theirs] of hashes) expect(ours).toBe(theirs);
  });

  it("agrees with the readers better by default than the book's rule (0.806) and a sphere (0.842)", () => {
    expect(dices.default).toHaveLength(4);
    expect(mean(dices.book)).toBeCloseTo(0.806, 3);
    expect(mean(dices.default)).toBeGreaterThan(0.88);
  });
});
