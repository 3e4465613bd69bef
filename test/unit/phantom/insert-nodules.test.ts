import { beforeAll, describe, expect, it } from 'vitest';
import { type IndexIRC, identityDirection, lungMask, type Volume, worldToIndex } from '../../../dist/ct/index.js';
import {
  type InsertedScan,
  insertNodules,
  type ScanSurvey,
  surveyScan,
  synthesize,
} from '../../../dist/phantom/index.js';
import { buildVolume } from '../../support/volume.js';

/** A phantom without nodules stands for the real scan. */
const scan = (changes: object = {}): Volume =>
  synthesize({ seed: 11, nodules: 0, size: [40, 200, 200], spacing: [1.6, 1.6, 2.4], ...changes }).volume;

const options = { seed: 3, nodules: 6, diameter: [6, 20] as [number, number] };

/** Whether a voxel is changed, over the whole scan. */
const changedIn = (before: Volume, after: Volume) => {
  const changed: number[] = [];
  for (let at = 0; at < before.voxels.length; at++) if (before.voxels[at] !== after.voxels[at]) changed.push(at);
  return changed;
};

const places = ({ shape: [, rows, columns], spacing }: Volume, at: number) =>
  [
    (at % columns) * spacing![0],
    (Math.floor(at / columns) % rows) * spacing![1],
    Math.floor(at / (rows * columns)) * spacing![2],
  ] as const;

const toMm = ({ spacing }: Volume, [i, r, c]: IndexIRC) => [c * spacing![0], r * spacing![1], i * spacing![2]] as const;

const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((x, axis) => x - b[axis]!));

/** Whether two arrays have the same bytes; much faster than `toEqual`. */
const isSame = (a: Int16Array | Uint8Array, b: Int16Array | Uint8Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

describe('inserting nodules', () => {
  const before = scan();
  let survey: ScanSurvey;
  let made: InsertedScan;
  beforeAll(() => {
    survey = surveyScan(before);
    made = insertNodules(before, options, { survey });
  });

  it('inserts as many as requested, of the diameters requested', () => {
    expect([made.nodules.length, made.requested]).toEqual([6, 6]);
    for (const { diameterMm } of made.nodules) {
      expect(diameterMm).toBeGreaterThan(6 * 0.95);
      expect(diameterMm).toBeLessThan(20 * 1.05);
    }
  });

  it('leaves the scan it was given, and everything but the voxels', () => {
    expect(isSame(before.voxels, scan().voxels)).toBe(true);
    const { voxels: _, ...rest } = made.volume;
    const { voxels: __, ...given } = before;
    expect(rest).toEqual(given);
  });

  it('gives the same voxels for the same options, and others for another seed', () => {
    const again = insertNodules(before, options);
    expect(isSame(again.volume.voxels, made.volume.voxels)).toBe(true);
    expect(isSame(again.mask, made.mask)).toBe(true);
    expect(again.nodules).toEqual(made.nodules);
    const other = insertNodules(before, { ...options, seed: 4 }, { survey });
    expect(isSame(other.volume.voxels, made.volume.voxels)).toBe(false);
  });

  it('keeps every voxel that is away from the inserted nodules', () => {
    const changed = changedIn(before, made.volume);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.length).toBeLessThanOrEqual(made.nodules.reduce((sum, { touched }) => sum + touched, 0));
    const centers = made.nodules.map(({ center, diameterMm }) => ({
      at: toMm(before, worldToIndex(before, center)),
      // Spicules reach beyond the sphere of equal volume.
      reach: 1.2 * diameterMm + 6,
    }));
    const far = changed.filter((at) => !centers.some(({ at: c, reach }) => distance(places(before, at), c) <= reach));
    expect(far).toEqual([]);
  });

  it('keeps mean, standard deviation and correlation of the background from 5 mm beside the mask', () => {
    const { volume, mask } = insertNodules(before, { ...options, shape: 'round', kind: 'solid' }, { survey });
    const [, rows, columns] = volume.shape;
    const marked = [...mask.keys()].filter((at) => mask[at] === 1);
    // Distance from the mask in steps of a slice; 1 up to 5 mm, 2 up to 12 mm.
    const zone = new Uint8Array(mask.length);
    for (const at of marked) {
      for (let i = -5; i <= 5; i++)
        for (let r = -8; r <= 8; r++)
          for (let c = -8; c <= 8; c++) {
            const mm = Math.hypot(2.4 * i, 1.6 * r, 1.6 * c);
            const there = at + (i * rows + r) * columns + c;
            if (mm <= 5) zone[there] = 1;
            else if (mm <= 12 && zone[there] === 0) zone[there] = 2;
          }
    }
    const shell = [...zone.keys()].filter((at) => zone[at] === 2 && zone[at + 1] === 2);
    const figures = ({ voxels }: Volume) => {
      const mean = shell.reduce((sum, at) => sum + voxels[at]!, 0) / shell.length;
      const squares = shell.reduce((sum, at) => sum + (voxels[at]! - mean) ** 2, 0);
      const next = shell.reduce((sum, at) => sum + (voxels[at]! - mean) * (voxels[at + 1]! - mean), 0);
      return { mean, sd: Math.sqrt(squares / shell.length), lag1: next / squares };
    };
    expect(shell.length).toBeGreaterThan(5000);
    expect(figures(volume)).toEqual(figures(before));
    // The rim between has changed, or the test would look at the wrong place.
    expect(changedIn(before, volume).filter((at) => zone[at] === 1).length).toBeGreaterThan(marked.length);
  });

  it('masks the nodules: their voxels, centres and densities agree', () => {
    expect(made.mask.reduce((sum, v) => sum + v, 0)).toBe(made.nodules.reduce((sum, { voxels }) => sum + voxels, 0));
    const [, rows, columns] = before.shape;
    for (const { center, kind } of made.nodules) {
      const [i, r, c] = worldToIndex(before, center).map(Math.round) as [number, number, number];
      const at = (i * rows + r) * columns + c;
      expect(made.mask[at]).toBe(1);
      if (kind === 'solid') expect(made.volume.voxels[at]!).toBeGreaterThan(-250);
    }
  });

  it('has the noise of soft tissue inside solid nodules', () => {
    const { volume, mask, nodules } = insertNodules(
      before,
      {
        seed: 5,
        nodules: 3,
        diameter: [20, 20],
        kind: 'solid',
        shape: 'round',
        attachment: 'isolated',
        pocketHu: [0, 0],
      },
      { survey },
    );
    const [, rows, columns] = volume.shape;
    const steps: number[] = [];
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] !== 1) continue;
      const cross = [-2, -1, 1, 2, 3].flatMap((k) => [at + k, at + k * columns]);
      if (!cross.every((other) => mask[other] === 1)) continue;
      steps.push(volume.voxels[at + 1]! - volume.voxels[at]!);
    }
    expect(rows * steps.length).toBeGreaterThan(200);
    const rms = Math.sqrt(steps.reduce((sum, step) => sum + step * step, 0) / steps.length);
    const noise = nodules.reduce((sum, { noiseHu }) => sum + noiseHu, 0) / nodules.length;
    // [1 2 1] / 4 correlates neighbours by 2/3, so their difference has √(2/3) of the noise.
    expect(rms / (noise * Math.sqrt(2 / 3))).toBeGreaterThan(0.75);
    expect(rms / (noise * Math.sqrt(2 / 3))).toBeLessThan(1.25);
  });

  it('measures the blur that the scan was made with', () => {
    const { blur } = surveyScan(scan({ spacing: [0.8, 0.8, 2.4], size: [24, 400, 400] }));
    expect(blur.planeMm).toBeGreaterThan(0.35);
    expect(blur.planeMm).toBeLessThan(0.6);
  });

  it('puts nodules where they are wanted', () => {
    const lungs = lungMask(before);
    const shareOutside = (attachment: 'isolated' | 'juxtapleural') => {
      const { nodules, mask } = insertNodules(
        before,
        { ...options, attachment, kind: 'solid', diameter: [10, 14] },
        { survey },
      );
      expect(nodules.length).toBeGreaterThan(0);
      for (const one of nodules) expect(one.attachment).toBe(attachment);
      // Nodules are drawn in the lungs only.
      expect(mask.reduce((sum, v, at) => sum + (v === 1 && lungs[at] === 0 ? 1 : 0), 0)).toBeLessThan(
        0.1 * mask.reduce((sum, v) => sum + v, 0),
      );
      let [all, outside] = [0, 0];
      for (const { center, diameterMm } of nodules) {
        const middle = toMm(before, worldToIndex(before, center));
        const slice = Math.round(middle[2] / before.spacing![2]);
        const plane = before.shape[1] * before.shape[2];
        // The slice through the middle is enough.
        for (let at = slice * plane; at < (slice + 1) * plane; at++) {
          if (distance(places(before, at), middle) > diameterMm / 2 + 2) continue;
          all++;
          if (lungs[at] === 0) outside++;
        }
      }
      return outside / all;
    };
    expect(shareOutside('isolated')).toBe(0);
    expect(shareOutside('juxtapleural')).toBeGreaterThan(0.05);
  });

  it('keeps its distance from nodules that the scan has', () => {
    const [first] = made.nodules;
    const existing = [{ center: first!.center, diameterMm: 30 }];
    const { nodules } = insertNodules(before, { ...options, gap: 5 }, { existing, survey });
    for (const { center, diameterMm } of nodules)
      expect(distance(center, first!.center)).toBeGreaterThan(15 + 5 + diameterMm / 2 - 2);
  });

  it('works on a flipped scan, and one with a scale', () => {
    const [[a], [, b], [, , c]] = identityDirection;
    const flipped: Volume = {
      ...before,
      direction: [
        [-a, 0, 0],
        [0, -b, 0],
        [0, 0, c],
      ],
      origin: [50, 40, -90],
    };
    const there = insertNodules(flipped, options);
    expect(isSame(there.mask, made.mask)).toBe(true);
    const [one] = there.nodules;
    expect(worldToIndex(flipped, one!.center)[2]).toBeCloseTo(worldToIndex(before, made.nodules[0]!.center)[2], 6);
    const scaled: Volume = { ...before, scale: 0.5, offset: -100, voxels: before.voxels.map((v) => 2 * (v + 100)) };
    expect(isSame(insertNodules(scaled, options).mask, made.mask)).toBe(true);
  });

  it('inserts nothing where nothing is requested', () => {
    const none = insertNodules(before, { seed: 1, nodules: 0 }, { survey });
    expect([isSame(none.volume.voxels, before.voxels), none.nodules, none.mask.includes(1)]).toEqual([true, [], false]);
  });

  it('refuses scans that it cannot insert into, and says why', () => {
    expect(() => insertNodules({ ...before, intensity: 'arbitrary' }, options)).toThrow(/not Hounsfield units/);
    expect(() => insertNodules({ ...before, spacing: null }, options)).toThrow(/does not record its voxel spacing/);
    expect(() => insertNodules(buildVolume([4, 40, 40], 40), options)).toThrow(/found no lungs/);
    const thin = synthesize({ seed: 11, nodules: 0, size: [4, 128, 128], spacing: [2.5, 2.5, 2] }).volume;
    expect(() => insertNodules(thin, options)).toThrow(/found no place for any of 6 nodules/);
    expect(() => insertNodules(before, { ...options, diameter: [9, 3] }, { survey })).toThrow(
      /must not be above the second/,
    );
  });
});
