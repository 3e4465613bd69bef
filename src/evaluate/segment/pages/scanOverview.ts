import {
  type ArrayAxis,
  type PatientView,
  patientViews,
  placeOn,
  planeImage,
  type RgbImage,
  type Shape3,
  type Volume,
} from '../../../ct/index.js';
import type { Nodule } from '../../../model/index.js';

/** A circle around a nodule, and the place of its number, in pixels. */
export interface Mark {
  number: number;
  x: number;
  y: number;
  radius: number;
  /** Left end of the number, middle of its height; null where there is no room for it. */
  label: { x: number; y: number } | null;
}

/** A view through the whole scan, like a radiograph, with marks at the nodules. */
export interface Overview {
  name: string;
  letters: PatientView['letters'];
  image: RgbImage;
  marks: Mark[];
}

/** Range of the values that are averaged in HU; bone and metal do not hide the lungs. */
const RANGE_HU = [-1000, 300] as const;
/** Voxels that are averaged for a pixel; more would not be visible. */
const SAMPLES = 128;
/** Shares of the pixels that become black and white. */
const [BLACK, WHITE] = [0.02, 0.995];
/** A view with less height than this share of its width is of no use. */
const LEAST_HEIGHT = 0.15;
/** Half the height of a number, and the width of a digit, in pixels. */
const [HALF, DIGIT] = [7, 9];
const [GAP, MIN_RADIUS] = [3, 6];

/**
 * Averages the scan along its rows and columns, which gives a coronal and a sagittal view (along its slices for a scan
 * of few slices), and marks the nodules.
 * @param box largest width and height of a view in pixels
 */
export function scanOverview(
  scan: Volume,
  nodules: readonly Nodule[],
  [boxWidth, boxHeight]: readonly [number, number],
): Overview[] {
  const spacing = scan.spacing ?? ([1, 1, 1] as const);
  const views = patientViews(scan);
  const size = ({ axis }: PatientView['across']) => scan.shape[axis] * spacing[2 - axis]!;
  const useful = views.slice(1).filter(({ across, down }) => size(down) >= LEAST_HEIGHT * size(across));
  const shown = useful.length > 0 ? useful : [views[0]];
  // One scale, so that the views can be compared.
  const pixel = Math.max(...shown.map(({ across, down }) => Math.max(size(across) / boxWidth, size(down) / boxHeight)));
  return shown.map((view) => {
    const width = Math.max(1, Math.round(size(view.across) / pixel));
    const height = Math.max(1, Math.round(size(view.down) / pixel));
    const shape = scan.shape.map((length, axis) => (axis === view.fixed ? 1 : length)) as unknown as Shape3;
    const voxels = meanAlong(scan, view.fixed);
    const center = [(shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2] as const;
    const window = { view, index: 0, center, width, height, pixel };
    const sorted = voxels.toSorted();
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
    const range =
      scan.scale < 0 ? { black: at(1 - BLACK), white: at(1 - WHITE) } : { black: at(BLACK), white: at(WHITE) };
    const image = planeImage({ ...scan, shape, voxels }, window, range);
    const { toPixel } = placeOn(window, scan.spacing);
    const marks = nodules.map(({ number, box: { low, high } }) => {
      const [x, y] = toPixel([0, 1, 2].map((axis) => (low[axis]! + high[axis]!) / 2) as [number, number, number]);
      const extent = Math.max(
        ...[view.across, view.down].map(({ axis }) => (high[axis]! - low[axis]! + 1) * spacing[2 - axis]!),
      );
      return { number, x, y, radius: Math.max(MIN_RADIUS, extent / 2 / pixel + GAP) };
    });
    return { name: view.name, letters: view.letters, image, marks: placeLabels(marks, width, height) };
  });
}

/**
 * Averages the stored values along the fixed axis of a view, from about `SAMPLES` voxels on each line; the result is in
 * the order of the array without that axis.
 */
function meanAlong({ voxels, shape, intensity, scale, offset }: Volume, fixed: ArrayAxis): Int16Array {
  const [slices, rows, columns] = shape;
  const ends = RANGE_HU.map((hu) => (hu - offset) / scale);
  const [low, high] = intensity === 'hu' ? [Math.min(...ends), Math.max(...ends)] : [-32768, 32767];
  const every = Math.max(1, Math.floor(shape[fixed] / SAMPLES));
  const steps = [1, 1, 1];
  steps[fixed] = every;
  const [ofSlice, ofRow, ofColumn] = (
    [
      [0, columns, 1],
      [columns, 0, 1],
      [rows, 1, 0],
    ] as const
  )[fixed];
  const sum = new Float64Array((slices * rows * columns) / shape[fixed]);
  for (let slice = 0; slice < slices; slice += steps[0]!)
    for (let row = 0; row < rows; row += steps[1]!) {
      const line = (slice * rows + row) * columns;
      const to = slice * ofSlice + row * ofRow;
      for (let column = 0; column < columns; column += steps[2]!) {
        const value = voxels[line + column]!;
        sum[to + column * ofColumn]! += value < low ? low : value > high ? high : value;
      }
    }
  const samples = Math.ceil(shape[fixed] / every);
  return Int16Array.from(sum, (total) => Math.round(total / samples));
}

/** Puts the numbers beside their circles, where they cover neither a circle nor another number. */
function placeLabels(marks: readonly Omit<Mark, 'label'>[], width: number, height: number): Mark[] {
  type Box = readonly [left: number, top: number, right: number, bottom: number];
  const taken: Box[] = marks.map(({ x, y, radius }) => [x - radius, y - radius, x + radius, y + radius]);
  const isFree = ([left, top, right, bottom]: Box) =>
    left >= 0 &&
    top >= 0 &&
    right <= width &&
    bottom <= height &&
    taken.every((box) => left >= box[2] || right <= box[0] || top >= box[3] || bottom <= box[1]);
  return marks.map((mark) => {
    const wide = DIGIT * String(mark.number).length;
    const away = mark.radius + 2;
    const places: [number, number][] = [
      [mark.x + away, mark.y],
      [mark.x - away - wide, mark.y],
      [mark.x - wide / 2, mark.y - away - HALF],
      [mark.x - wide / 2, mark.y + away + HALF],
      [mark.x + away, mark.y - away],
      [mark.x + away, mark.y + away],
      [mark.x - away - wide, mark.y - away],
      [mark.x - away - wide, mark.y + away],
    ];
    for (const [x, y] of places) {
      const box: Box = [x, y - HALF, x + wide, y + HALF];
      if (!isFree(box)) continue;
      taken.push(box);
      return { ...mark, label: { x, y } };
    }
    return { ...mark, label: null };
  });
}
