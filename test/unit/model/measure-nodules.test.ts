import { describe, expect, test } from 'vitest';
import { connectedComponents, lungMask } from '../../../dist/ct/index.js';
import { measureNodules } from '../../../dist/model/measure/measureNodules.js';
import { synthesize } from '../../../dist/phantom/index.js';
import { buildVolume } from '../../support/volume.js';

/** A scan of lung (-850 HU) in which `at` gives the HU of other voxels, and one nodule of the voxels in `positions`. */
const region = (positions: number[], number = 1) => ({ number, score: 0.75, positions: Int32Array.from(positions) });

const measureOne = (...[volume, positions, lungs]: [Parameters<typeof measureNodules>[0], number[], Uint8Array?]) =>
  measureNodules(volume, [region(positions)], lungs ?? null)[0]!;

describe('measuring nodules', () => {
  test('place, size, HU and slices of a small nodule', () => {
    const volume = buildVolume([3, 4, 5], (i, r, c) => 100 * i + 10 * r + c, {
      spacing: [0.5, 0.5, 2],
      origin: [10, 20, 30],
      sliceUids: ['1.1', '1.2', '1.3'],
      scale: 2,
      offset: -1000,
    });
    // [1, 1, 2], [1, 1, 3], [2, 1, 3]
    expect(measureOne(volume, [27, 28, 48])).toEqual({
      number: 1,
      score: 0.75,
      center: [10 + 0.5 * (8 / 3), 20.5, 30 + 2 * (4 / 3)],
      centerIndex: [4 / 3, 1, 8 / 3],
      box: { low: [1, 1, 2], high: [2, 1, 3] },
      voxels: 3,
      volumeMm3: 1.5,
      longAxisMm: 1,
      shortAxisMm: 0.5,
      axes: {
        slice: 1,
        long: [
          [1, 1.5],
          [1, 3.5],
        ],
        short: [
          [0.5, 2],
          [1.5, 2],
        ],
      },
      diameter3dMm: expect.closeTo(Math.hypot(0.5, 2) + Math.hypot(0.5 * 0.5, 2 * 2) / Math.hypot(0.5, 2), 12),
      meanHu: expect.closeTo(2 * ((112 + 113 + 213) / 3) - 1000, 9),
      sdHu: expect.closeTo(2 * Math.sqrt(((112 - 146) ** 2 + (113 - 146) ** 2 + (213 - 146) ** 2) / 3), 9),
      solidShare: 0,
      texture: 'non-solid',
      slices: { first: 1, last: 2, firstUid: '1.2', lastUid: '1.3' },
      touchesPleura: null,
    });
  });

  test('without a spacing lengths are null, and the lines are in pixels', () => {
    const volume = buildVolume([2, 3, 3], 40, { spacing: null });
    const nodule = measureOne(volume, [9, 10, 11, 12, 13], new Uint8Array(18).fill(1));
    expect(nodule).toMatchObject({
      center: null,
      volumeMm3: null,
      longAxisMm: null,
      shortAxisMm: null,
      diameter3dMm: null,
      touchesPleura: null,
      meanHu: 40,
      sdHu: 0,
      texture: 'solid',
      centerIndex: [1, 0.4, 0.8],
    });
    const [[r0, c0], [r1, c1]] = nodule.axes.long;
    expect(Math.hypot(r1 - r0, c1 - c0)).toBeCloseTo(Math.sqrt(5) + 1, 9);
    expect(nodule.slices).toEqual({ first: 1, last: 1, firstUid: null, lastUid: null });
  });

  test('a scan that is not in HU has no figures in HU', () => {
    const volume = buildVolume([1, 2, 2], 200, { intensity: 'arbitrary' });
    const nodule = measureOne(volume, [0], new Uint8Array(4));
    expect(nodule).toMatchObject({ meanHu: null, sdHu: null, solidShare: null, texture: null, touchesPleura: null });
    expect(nodule.longAxisMm).toBe(1);
  });

  test('the 3D diameter is at least the long axis', () => {
    const volume = buildVolume([3, 4, 40], 0, { spacing: [1, 1, 0.2] });
    const nodule = measureOne(volume, [...Array(20).keys()].concat(160 + 19));
    expect(nodule.longAxisMm).toBe(20);
    expect(nodule.diameter3dMm).toBeGreaterThanOrEqual(20);
  });

  test.each([
    ['no voxel', [], 'found no voxel'],
    ['a voxel outside the scan', [3, 8], 'position 8 after 3'],
    ['a negative position', [-1], 'position -1'],
    ['an order that is not ascending', [2, 1], 'position 1 after 2'],
    ['a voxel twice', [2, 2], 'position 2 after 2'],
  ])('%s in a region is an error', (_, positions, message) => {
    const measure = () => measureOne(buildVolume([2, 2, 2], 0), positions);
    expect(measure).toThrow(expect.objectContaining({ code: 'nodule-region' }));
    expect(measure).toThrow(message);
  });

  test('a lung mask of another scan is an error', () => {
    const volume = buildVolume([2, 2, 2], 0);
    expect(() => measureNodules(volume, [], new Uint8Array(9))).toThrow(
      expect.objectContaining({ code: 'mask-shape' }),
    );
  });
});

describe('the pleura', () => {
  const shape = [20, 60, 60] as const;
  const at = (i: number, r: number, c: number) => (i * 60 + r) * 60 + c;
  /** Lung with a chest wall of 10 pixels on the left, and tissue where `extra` is. */
  const chest = (extra: (i: number, r: number, c: number) => boolean, changes = {}) =>
    buildVolume(shape, (i, r, c) => (c < 10 || extra(i, r, c) ? 40 : -850), changes);
  const lungs = (except: (i: number, r: number, c: number) => boolean = () => false) =>
    Uint8Array.from({ length: 20 * 60 * 60 }, (_, n) => {
      const [i, r, c] = [Math.floor(n / 3600), Math.floor(n / 60) % 60, n % 60];
      return c < 10 || except(i, r, c) ? 0 : 1;
    });
  const cube = (i: number, r: number, c: number, side: number) => {
    const inside = (a: number, b: number, d: number) =>
      a >= i && a < i + side && b >= r && b < r + side && d >= c && d < c + side;
    const positions: number[] = [];
    for (let a = i; a < i + side; a++)
      for (let b = r; b < r + side; b++) for (let d = c; d < c + side; d++) positions.push(at(a, b, d));
    return { inside, positions };
  };

  test('is touched within 3 mm of the wall, and not farther away', () => {
    for (const [column, touches] of [
      [10, true],
      [12, true],
      [13, false],
      [30, false],
    ] as const) {
      const { inside, positions } = cube(8, 20, column, 4);
      expect(measureOne(chest(inside), positions, lungs()).touchesPleura, `at column ${column}`).toBe(touches);
    }
  });

  test('is touched by a nodule in the next voxel where voxels are larger than 3 mm', () => {
    const { inside, positions } = cube(8, 20, 10, 3);
    const volume = chest(inside, { spacing: [4, 4, 4] });
    expect(measureOne(volume, positions, lungs()).touchesPleura).toBe(true);
  });

  test('is not the rest of a large nodule beside its mask, which the lung mask leaves out', () => {
    const { inside } = cube(5, 30, 30, 10);
    const { positions } = cube(6, 31, 31, 8);
    expect(measureOne(chest(inside), positions, lungs(inside)).touchesPleura).toBe(false);
  });

  test('is not a vessel inside the lung mask that leads to the wall', () => {
    const { inside, positions } = cube(8, 30, 30, 5);
    const vessel = (i: number, r: number, c: number) => inside(i, r, c) || (i === 10 && r === 32 && c < 30);
    expect(measureOne(chest(vessel), positions, lungs()).touchesPleura).toBe(false);
  });

  test('is not lung that the mask does not include', () => {
    const { inside, positions } = cube(8, 20, 30, 4);
    expect(
      measureOne(
        chest(inside),
        positions,
        lungs((_, r) => r < 28),
      ).touchesPleura,
    ).toBe(false);
  });

  test('is touched at the corner of the scan', () => {
    const { inside, positions } = cube(0, 0, 10, 3);
    expect(measureOne(chest(inside), positions, lungs()).touchesPleura).toBe(true);
  });
});

describe('nodules of phantoms', () => {
  const measured = [1, 2, 3, 4].flatMap((seed) => {
    const phantom = synthesize({ seed: 900 + seed, level: 'hard', nodules: 8 });
    const { volume, mask, nodules } = phantom;
    const { labels, components } = connectedComponents(mask, volume.shape, 26);
    const regions = components.map(({ label }) => {
      const positions: number[] = [];
      for (let at = 0; at < labels.length; at++) if (labels[at] === label) positions.push(at);
      return region(positions, label);
    });
    return measureNodules(volume, regions, lungMask(volume)).map((nodule) => {
      const apart = (center: readonly number[]) => Math.hypot(...center.map((mm, axis) => mm - nodule.center![axis]!));
      const truth = nodules.toSorted((a, b) => apart(a.center) - apart(b.center))[0]!;
      return { nodule, truth };
    });
  });

  test('have the texture they were made with, from 8 mm on, vessels aside', () => {
    const large = measured.filter(({ truth }) => truth.diameterMm >= 8);
    expect(large.length).toBeGreaterThan(12);
    for (const { nodule, truth } of large) {
      const expected = truth.kind === 'ground-glass' ? 'non-solid' : truth.kind;
      // A vessel that crosses ground glass is solid.
      if (truth.kind === 'ground-glass' && truth.attachment === 'juxtavascular') continue;
      expect(nodule.texture, JSON.stringify({ truth, share: nodule.solidShare })).toBe(expected);
    }
  });

  test('touch the pleura where they were placed at it', () => {
    const at = (attachment: string) => measured.filter(({ truth }) => truth.attachment === attachment);
    const touching = (all: typeof measured) => all.filter(({ nodule }) => nodule.touchesPleura === true).length;
    const pleural = at('juxtapleural');
    expect(pleural.length).toBeGreaterThan(5);
    expect(touching(pleural) / pleural.length).toBeGreaterThanOrEqual(0.9);
    const others = [...at('isolated'), ...at('juxtavascular')];
    expect(touching(others) / others.length).toBeLessThan(0.1);
  });
});
