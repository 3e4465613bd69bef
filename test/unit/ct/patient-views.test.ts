import { describe, expect, it } from 'vitest';
import { displayRange } from '../../../dist/ct/pictures/displayRange.js';
import { patientViews } from '../../../dist/ct/pictures/patientViews.js';
import { type PlaneWindow, placeOn, planeImage } from '../../../dist/ct/pictures/planeImage.js';
import type { Matrix3, Shape3, Vector3 } from '../../../dist/index.js';
import { buildVolume, gridOf } from '../../support/volume.js';

const shape: Shape3 = [5, 7, 9];
const viewsOf = (direction: Matrix3) => patientViews(gridOf(shape, { direction }));
const flips = (x: number, y: number, z: number): Matrix3 => [
  [x, 0, 0],
  [0, y, 0],
  [0, 0, z],
];
/** Direction of the columns, rows and slices of the array, in LPS. */
const columnsOf = (c: Vector3, r: Vector3, s: Vector3): Matrix3 => [
  [c[0], r[0], s[0]],
  [c[1], r[1], s[1]],
  [c[2], r[2], s[2]],
];

describe('patientViews', () => {
  it('shows a scan along the axes of the patient in radiological orientation, superior on top', () => {
    const [axial, coronal, sagittal] = viewsOf(flips(1, 1, 1));
    expect([axial.name, coronal.name, sagittal.name]).toEqual(['axial', 'coronal', 'sagittal']);
    expect(axial).toMatchObject({ across: { axis: 2, reversed: false }, down: { axis: 1, reversed: false } });
    expect(coronal).toMatchObject({ across: { axis: 2, reversed: false }, down: { axis: 0, reversed: true } });
    expect(sagittal).toMatchObject({ across: { axis: 1, reversed: false }, down: { axis: 0, reversed: true } });
    expect(axial.letters).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
    expect(coronal.letters).toEqual({ left: 'R', right: 'L', top: 'S', bottom: 'I' });
    expect(sagittal.letters).toEqual({ left: 'A', right: 'P', top: 'S', bottom: 'I' });
  });

  it.each([
    [-1, -1, 1],
    [1, 1, -1],
    [-1, 1, -1],
  ])('reverses the axes of a scan flipped by %d, %d, %d, and keeps the letters', (x, y, z) => {
    const [axial, coronal, sagittal] = viewsOf(flips(x, y, z));
    expect([axial.across.reversed, axial.down.reversed, coronal.down.reversed]).toEqual([x < 0, y < 0, z > 0]);
    expect(sagittal.across.reversed).toBe(y < 0);
    expect([axial, coronal, sagittal].map(({ letters }) => letters?.left)).toEqual(['R', 'R', 'A']);
  });

  it('names the planes of a scan in sagittal slices and exchanges their axes', () => {
    // Slices towards left, rows towards inferior, columns towards posterior.
    const [inSlice, acrossRows, acrossColumns] = viewsOf(columnsOf([0, 1, 0], [0, 0, -1], [1, 0, 0]));
    expect(inSlice).toMatchObject({ name: 'sagittal', across: { axis: 2 }, down: { axis: 1, reversed: false } });
    expect(acrossRows).toMatchObject({ name: 'axial', across: { axis: 0 }, down: { axis: 2 } });
    expect(acrossColumns).toMatchObject({ name: 'coronal', across: { axis: 0 }, down: { axis: 1 } });
  });

  it('gives an oblique scan a second letter', () => {
    const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    const [axial] = viewsOf(columnsOf([c, s, 0], [-s, c, 0], [0, 0, 1]));
    expect(axial.letters).toEqual({ left: 'RA', right: 'LP', top: 'AL', bottom: 'PR' });
  });

  it('keeps the stored order without letters where the position is unknown', () => {
    const views = patientViews(gridOf(shape, { spacing: null, direction: flips(-1, -1, 1) }));
    expect(views.map(({ name, letters }) => [name, letters])).toEqual([
      ['slice', null],
      ['row', null],
      ['column', null],
    ]);
    expect(views[0]).toMatchObject({ across: { axis: 2, reversed: false }, down: { axis: 1, reversed: false } });
  });
});

describe('planeImage', () => {
  const greys = (window: PlaneWindow, volume = buildVolume(shape, (s, r, c) => 100 * s + 10 * r + c)) => {
    const { rgb } = planeImage(volume, window, { black: 0, white: 255 });
    return Array.from({ length: window.width * window.height }, (_, at) => rgb[3 * at]!);
  };

  it('shows stored values at voxel centres, with superior on top in a coronal plane', () => {
    const [axial, coronal] = viewsOf(flips(1, 1, 1));
    const base = { center: [1, 2, 4] as const, width: 3, height: 1, pixel: 1 };
    expect(greys({ ...base, view: axial, index: 1 })).toEqual([123, 124, 125]);
    expect(greys({ ...base, view: coronal, index: 2, width: 1, height: 3 })).toEqual([224, 124, 24]);
  });

  it('has square pixels where voxels are not, interpolates between them, and is grey beyond the scan', () => {
    const volume = buildVolume([3, 1, 1], (s) => 100 * s, { spacing: [1, 1, 2] });
    const [, coronal] = patientViews(volume);
    const window = { view: coronal, index: 0, center: [1, 0, 0] as const, width: 1, height: 7, pixel: 1 };
    expect(greys(window, volume)).toEqual([24, 200, 150, 100, 50, 0, 0]);
  });

  it('draws the outline of a mask on its nearest voxels, also at the corner of the scan', () => {
    const [axial] = viewsOf(flips(1, 1, 1));
    const window = { view: axial, index: 0, center: [0, 0, 0] as const, width: 4, height: 4, pixel: 0.5 };
    const colour = [1, 2, 3] as const;
    const positions = Int32Array.of(0);
    const { rgb } = planeImage(buildVolume(shape, 0), window, { black: 0, white: 1 }, [{ positions, colour }]);
    const marked = Array.from({ length: 16 }, (_, at) => (rgb[3 * at + 1] === 2 ? 1 : 0));
    expect(marked).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });

  it('shows a voxel that is smaller than a pixel and between the middles of two', () => {
    const [axial] = viewsOf(flips(1, 1, 1));
    const window = { view: axial, index: 0, center: [0, 3, 4] as const, width: 2, height: 2, pixel: 4 };
    const outlines = [{ positions: Int32Array.of(3 * 9 + 4), colour: [1, 2, 3] as const }];
    const { rgb } = planeImage(buildVolume(shape, 0), window, { black: 0, white: 1 }, outlines);
    expect([...rgb].filter((value) => value === 2)).toHaveLength(1);
  });

  it('places an index where the picture shows it, in a reversed view too', () => {
    const [, coronal] = viewsOf(flips(-1, 1, 1));
    const { toPixel } = placeOn({ view: coronal, center: [2, 3, 4], width: 10, height: 10, pixel: 0.5 }, [1, 1, 2]);
    expect(toPixel([2, 0, 4])).toEqual([5, 5]);
    expect(toPixel([3, 0, 5])).toEqual([3, 1]);
  });
});

describe('displayRange', () => {
  it('is the lung window in stored values', () => {
    expect(displayRange(buildVolume(shape, 0, { scale: 0.5, offset: -1000 }))).toEqual({ black: -700, white: 2300 });
  });
  it('is the range of values that are not HU, in either sign of the scale', () => {
    const volume = buildVolume(shape, (s) => s, { intensity: 'arbitrary' });
    expect(displayRange(volume)).toEqual({ black: 0, white: 4 });
    expect(displayRange({ ...volume, scale: -1 })).toEqual({ black: 4, white: 0 });
  });
});
