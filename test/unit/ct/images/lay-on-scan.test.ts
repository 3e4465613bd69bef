import { describe, expect, it } from 'vitest';
import { layOnScan, type Matrix3, type Shape3, type Vector3, type Volume } from '../../../../dist/ct/index.js';
import { oblique } from '../../../support/dicomSeries.js';
import { layouts, reoriented } from '../../../support/orientations.js';
import { buildVolume } from '../../../support/volume.js';

const shape = [4, 5, 6] as const;
const placed = { spacing: [0.7, 0.8, 2.5], origin: [-166, 12, -340], direction: oblique } as const;
const scan = buildVolume(shape, 0, placed);
const labels = buildVolume(shape, (i, r, c) => (i * 30 + r * 6 + c) % 7, placed);
const expected = [...labels.voxels];

const asMask = (volume: Volume) => ({ ...volume, voxels: Uint8Array.from(volume.voxels) });
const lay = (mask: ReturnType<typeof asMask>, on: Volume = scan) => layOnScan('mask', 'mask.nii', mask, on);
const codeOf = (mask: ReturnType<typeof asMask>, on: Volume = scan) => {
  try {
    lay(mask, on);
    return null;
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};

/** The part of a volume from an index on. */
const part = (volume: Volume, [i0, r0, c0]: Shape3, size: Shape3): Volume => {
  const [, rows, columns] = volume.shape;
  const [sx, sy, sz] = volume.spacing!;
  const offset = [c0 * sx, r0 * sy, i0 * sz];
  const origin = volume.origin.map(
    (start, n) => start + volume.direction[n]!.reduce((sum, entry, axis) => sum + entry * offset[axis]!, 0),
  ) as unknown as Vector3;
  const cut = buildVolume(size, (i, r, c) => volume.voxels[((i + i0) * rows + r + r0) * columns + c + c0] ?? 0, {
    ...placed,
    origin,
  });
  return cut;
};

describe('an image on the voxels of a scan', () => {
  it('is not copied where its grid is the same', () => {
    const mask = asMask(labels);
    const laid = lay(mask);
    expect(laid.voxels).toBe(mask.voxels);
    expect(laid.notes).toEqual([]);
  });

  it('is turned from each of the 48 orders and directions of its axes, with a note', () => {
    for (const layout of layouts) {
      const { voxels, notes } = lay(asMask(reoriented(labels, layout)));
      expect([...voxels], layout.name).toEqual(expected);
      if (layout.name !== '012-0') expect(notes.join(), layout.name).toMatch(/turned onto the scan/);
    }
  });

  it('is turned if it holds probabilities', () => {
    const turned = reoriented(labels, layouts[13]!);
    const voxels = Float32Array.from(turned.voxels, (value) => value / 8);
    expect([...layOnScan('prediction', 'p.nii', { ...turned, voxels }, scan).voxels]).toEqual(
      expected.map((value) => value / 8),
    );
  });

  it('is turned though its axes deviate by the digits of a header', () => {
    const rounded = reoriented(labels, layouts[21]!);
    const direction = rounded.direction.map((row) =>
      row.map((entry) => Number(entry.toFixed(4))),
    ) as unknown as Matrix3;
    expect([...lay(asMask({ ...rounded, direction })).voxels]).toEqual(expected);
  });

  it('is placed if it covers a part, turned or not, with zeros outside', () => {
    const cut = part(labels, [1, 2, 3], [2, 3, 2]);
    const whole = labels.voxels.map((value, k) => {
      const [i, r, c] = [Math.floor(k / 30), Math.floor(k / 6) % 5, k % 6];
      return i >= 1 && i < 3 && r >= 2 && c >= 3 && c < 5 ? value : 0;
    });
    for (const layout of layouts.slice(0, 48)) {
      const { voxels, notes } = lay(asMask(reoriented(cut, layout)));
      expect([...voxels], layout.name).toEqual([...whole]);
      expect(notes.join(), layout.name).toMatch(
        /covers \[2, 3, 2\] of the scan's \[4, 5, 6\] voxels, from index \[1, 2, 3\]/,
      );
    }
  });

  it('may reach beyond the scan with zeros, but not with marked voxels', () => {
    const beyond = part(buildVolume(shape, 0, placed), [2, 3, 4], [4, 4, 4]);
    expect(codeOf(asMask(beyond))).toBeNull();
    beyond.voxels[63] = 1;
    expect(codeOf(asMask(beyond))).toMatch(/^mask-grid: .*1 of its marked voxels lie outside .*from index \[2, 3, 4\]/);
  });

  it('is refused if it lies between the voxels, is of another size, or turned by an angle', () => {
    const cut = part(labels, [1, 2, 3], [2, 3, 2]);
    const [x, y, z] = cut.origin;
    expect(codeOf(asMask({ ...cut, origin: [x + 0.15, y, z] }))).toMatch(/^mask-grid: .*up to 0\.\d+ voxels off/);
    expect(codeOf(asMask({ ...cut, origin: [x + 0.05, y, z] }))).toBeNull();
    expect(codeOf(asMask({ ...cut, spacing: [0.7, 1.6, 2.5] }))).toMatch(/^mask-(shape|grid)/);
    expect(
      codeOf(
        asMask({
          ...labels,
          direction: [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ],
        }),
      ),
    ).toMatch(/^mask-grid/);
  });

  it('is not placed by parts on a scan that was resampled', () => {
    const cut = part(labels, [1, 2, 3], [2, 3, 2]);
    expect(codeOf(asMask(cut), { ...scan, resampled: true })).toMatch(/^mask-shape: .*The scan was resampled/);
  });
});

describe('an image that does not record its position', () => {
  const bare = {
    spacing: [1, 1, 1],
    origin: [0, 0, 0],
    direction: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  } as const;
  const ras = [
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, 1],
  ] as unknown as Matrix3;

  it('is accepted by its shape, with a note that says so', () => {
    for (const grid of [
      bare,
      { ...bare, spacing: null },
      { ...bare, spacing: placed.spacing },
      { ...bare, direction: ras },
      { ...bare, direction: ras, origin: [5, 4, 0] as const },
    ]) {
      const { voxels, notes } = lay(asMask({ ...labels, ...grid }));
      expect([...voxels]).toEqual(expected);
      expect(notes.join()).toMatch(/it does not record where .* only the shape of the mask matches.*flip/);
    }
  });

  it('is accepted on the scan of the same size by its shape, not shifted by its position', () => {
    const isotropic = { ...scan, ...bare, origin: [-3, -2, -1] as const };
    const { voxels, notes } = lay(asMask({ ...labels, ...bare }), isotropic);
    expect([...voxels]).toEqual(expected);
    expect(notes).toHaveLength(1);
  });

  it('is refused with another shape, or with distances that contradict the scan', () => {
    expect(codeOf(asMask({ ...buildVolume([4, 6, 5], 0), ...bare }))).toMatch(/^mask-/);
    expect(codeOf(asMask({ ...labels, ...bare, spacing: [2, 2, 2] }))).toMatch(/^mask-grid/);
  });

  it('is noted too where the scan is the one without', () => {
    const unplaced = { ...scan, ...bare };
    expect(lay(asMask(labels), unplaced).notes.join()).toMatch(/its scan's file does not record/);
    expect(lay(asMask(labels), { ...unplaced, spacing: null }).notes).toHaveLength(1);
  });

  it('needs no note where neither has a position', () => {
    expect(lay(asMask({ ...labels, ...bare }), { ...scan, ...bare }).notes).toEqual([]);
    expect(lay(asMask({ ...labels, ...bare, spacing: null }), { ...scan, ...bare, spacing: null }).notes).toEqual([]);
  });

  it('is turned where its position is recorded and only looks like a default', () => {
    const atZero = { ...scan, ...bare };
    const flipped = reoriented({ ...labels, ...bare }, layouts[3]!);
    expect([...lay(asMask(flipped), atZero).voxels]).toEqual(expected);
  });
});

describe('an image whose header contradicts itself', () => {
  it('is placed by the transform that fits the scan', () => {
    const { spacing, origin, direction } = labels;
    const mask = { ...asMask(labels), spacing: [1, 1, 1] as const, alternative: { spacing, origin, direction } };
    const laid = layOnScan('mask', 'mask.nii', mask, scan);
    expect([...laid.voxels]).toEqual(expected);
    expect(laid.notes.join()).toMatch(/contradict each other/);
  });
});
