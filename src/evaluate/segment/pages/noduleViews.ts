import {
  type DisplayRange,
  drawStrokes,
  drawText,
  type PatientView,
  type PlaneWindow,
  type Point,
  patientViews,
  placeOn,
  planeImage,
  type RgbImage,
  type Vector3,
  type Volume,
} from '../../../ct/index.js';
import type { Nodule } from '../../../model/index.js';
import type { ScanResult } from '../scanResult.js';

/** Outline of the nodule, of other nodules in the picture, and its axes. */
export const NODULE_COLOURS = {
  outline: [64, 176, 255],
  others: [78, 118, 152],
  long: [255, 214, 60],
  short: [255, 120, 200],
} as const;
const LETTER = [214, 220, 228] as const;
const DARK = [0, 0, 0] as const;

/** Smallest side of a view in mm (voxels where the spacing is unknown), and the side as a multiple of the nodule. */
const [MIN_SIDE, MULTIPLE] = [32, 2.2];
/** Lengths of the scale bar. */
const BARS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** A nodule in one plane. */
export interface NoduleView {
  /** `axial`, `coronal`, `sagittal`. */
  name: string;
  /** Index of the plane along its axis of the array, and the name of that axis. */
  index: number;
  axis: 'slice' | 'row' | 'column';
  /** Length of the scale bar: `10 mm`. */
  bar: string;
  image: RgbImage;
}

/**
 * Draws a nodule in three planes through it: the slice of its axes with both axes, and the planes across it where its
 * cross-section is largest. The views have one scale, letters for the sides of the patient, and a scale bar.
 * @param n place in `result.nodules`
 * @param side of a view in pixels
 */
export function noduleViews(result: ScanResult, n: number, side: number, range: DisplayRange): NoduleView[] {
  const { scan, nodules, regions } = result;
  const nodule = nodules[n]!;
  const { low, high } = nodule.box;
  const spacing = scan.spacing ?? [1, 1, 1];
  const extent = Math.max(...low.map((first, axis) => (high[axis]! - first + 1) * spacing[2 - axis]!));
  const shown = Math.max(MIN_SIDE, MULTIPLE * extent);
  const center = low.map((first, axis) => (first + high[axis]!) / 2) as unknown as Vector3;
  const axes = [nodule.axes.slice, ...largestSections(regions[n]!.positions, scan)] as const;
  return patientViews(scan).map((view): NoduleView => {
    const index = axes[view.fixed];
    const window = { view, index, center, width: side, height: side, pixel: shown / side };
    const others = nodules.flatMap((other, at) => (at !== n && isNear(other, window, scan) ? [at] : []));
    const image = planeImage(scan, window, range, [
      ...others.map((at) => ({ positions: regions[at]!.positions, colour: NODULE_COLOURS.others })),
      { positions: regions[n]!.positions, colour: NODULE_COLOURS.outline },
    ]);
    if (view.fixed === 0) drawAxes(image, nodule, window, scan.spacing);
    drawLetters(image, view);
    return {
      name: view.name,
      index,
      axis: (['slice', 'row', 'column'] as const)[view.fixed],
      bar: drawBar(image, shown / side, scan.spacing === null ? 'voxels' : 'mm'),
      image,
    };
  });
}

/** The row and the column that cut the most voxels. */
function largestSections(positions: Int32Array, { shape: [, rows, columns] }: Volume): [row: number, column: number] {
  const [inRow, inColumn] = [new Int32Array(rows), new Int32Array(columns)];
  for (const position of positions) {
    inRow[Math.floor(position / columns) % rows]!++;
    inColumn[position % columns]!++;
  }
  const largest = (counts: Int32Array) => counts.reduce((best, count, at) => (count > counts[best]! ? at : best), 0);
  return [largest(inRow), largest(inColumn)];
}

function isNear({ box: { low, high } }: Nodule, { view, index, center, width, pixel }: PlaneWindow, scan: Volume) {
  const reach = (width * pixel) / 2;
  return ([0, 1, 2] as const).every((axis) => {
    if (axis === view.fixed) return low[axis] <= index && index <= high[axis];
    const voxels = reach / (scan.spacing?.[2 - axis] ?? 1);
    return low[axis] <= center[axis] + voxels && high[axis] >= center[axis] - voxels;
  });
}

function drawAxes(image: RgbImage, { axes }: Nodule, window: PlaneWindow, spacing: Vector3 | null): void {
  const { toPixel } = placeOn(window, spacing);
  const lines = (['long', 'short'] as const).map((name) => ({
    colour: NODULE_COLOURS[name],
    points: axes[name].map(([row, column]): Point => toPixel([axes.slice, row, column])),
  }));
  for (const { points } of lines) drawStrokes(image, [points], DARK, 3.4, 0.6);
  for (const { points, colour } of lines) drawStrokes(image, [points], colour, 1.8);
}

function drawLetters(image: RgbImage, { letters }: PatientView): void {
  if (letters === null) return;
  const style = { size: 9, colour: LETTER, halo: DARK } as const;
  const { width, height } = image;
  drawText(image, letters.left, 6, height / 2 - 5, style);
  drawText(image, letters.right, width - 6, height / 2 - 5, { ...style, align: 'right' });
  drawText(image, letters.top, width / 2, 6, { ...style, align: 'center' });
  drawText(image, letters.bottom, width / 2, height - 15, { ...style, align: 'center' });
}

/** Draws a scale bar of a round length, about a fifth of the picture. */
function drawBar(image: RgbImage, pixel: number, unit: string): string {
  const length = BARS.findLast((one) => one / pixel <= image.width / 3) ?? BARS[0]!;
  const [left, bottom] = [7, image.height - 7];
  const wide = length / pixel;
  const bar: Point[] = [
    [left, bottom - 3],
    [left, bottom],
    [left + wide, bottom],
    [left + wide, bottom - 3],
  ];
  drawStrokes(image, [bar], DARK, 3.6, 0.75);
  drawStrokes(image, [bar], LETTER, 1.4);
  const text = `${length} ${unit}`;
  drawText(image, text, left, bottom - 15, { size: 8, colour: LETTER, halo: DARK });
  return text;
}
