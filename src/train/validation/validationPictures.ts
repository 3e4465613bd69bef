import { type Index3, type RgbImage, slicePicture } from '../../ct/index.js';
import type { LabelledScan } from '../../data/index.js';

/** Largest side of the window around a nodule, in pixels. */
const MAX_PIXELS = 64;
/** Approximate side of the enlarged window, in pixels. */
const ENLARGED_PIXELS = 288;

export interface ValidationPicture {
  tag: string;
  image: RgbImage;
  /** Markdown. */
  description: string;
  /** Whether it is the same in every validation. */
  constant: boolean;
}

/** A slice to show. */
export interface PicturedSlice {
  scan: LabelledScan;
  /** Slice, row and column of the nodule's centre. */
  middle: Index3;
  /** Probabilities of the slice, `[rows, columns]`. */
  probability: Float32Array;
  /** Probability above which a pixel is predicted as nodule. */
  threshold: number;
  contextSlices: number;
}

/** Returns the annotated points of nodules: one per slice, so that two nodules in a slice make one picture. */
export function noduleCenters({ nodules }: LabelledScan): Index3[] {
  return [...new Map(nodules.map(({ center }) => [center[0], center])).values()];
}

/**
 * Draws a window around a nodule: the network's input, the label, the predicted probability, and where label and
 * prediction differ. A slice larger than the window is also drawn whole.
 */
export function validationPictures(shown: PicturedSlice): ValidationPicture[] {
  const { scan, middle, probability, threshold, contextSlices } = shown;
  const { volume, mask } = scan;
  const [slices, rows, columns] = volume.shape;
  const slice = middle[0];
  const plane = <T extends Int16Array | Uint8Array>(array: T, at = slice) =>
    array.subarray(at * rows * columns, (at + 1) * rows * columns);
  const window = cutter(middle, rows, columns);
  const grey = greyRange(shown);
  const cut = (values: ArrayLike<number>) => window.of(values);
  const hu = (at: number) => cut(valuesOf(volume, plane(volume.voxels, at)));
  const nothing = new Uint8Array(window.rows * window.columns);
  const prediction = Uint8Array.from(probability, (value) => (value > threshold ? 1 : 0));
  const [label, predicted] = [cut(plane(mask)), cut(prediction)];
  const draw = (values: ArrayLike<number>, labelled: ArrayLike<number>, marked: ArrayLike<number>, range = grey) =>
    slicePicture(values, labelled, marked, window.rows, window.columns, range);
  const neighbours = Array.from({ length: 2 * contextSlices + 1 }, (_, n) =>
    Math.min(Math.max(slice + n - contextSlices, 0), slices - 1),
  );
  const picture = (kind: string, image: RgbImage, description: string, constant = false): ValidationPicture => ({
    tag: `validation ${volume.uid} slice ${slice}/${kind}`,
    image,
    description,
    constant,
  });
  const enlarge = (image: RgbImage) => enlarged(image, Math.max(1, Math.floor(ENLARGED_PIXELS / window.rows)));
  return [
    picture(
      'context',
      neighbours.length === 1
        ? enlarge(draw(hu(slice), nothing, nothing))
        : tiled(neighbours.map((at) => draw(hu(at), nothing, nothing))),
      `Slices ${neighbours[0]} to ${neighbours.at(-1)}, row by row: the network's input. The middle one is framed.`,
      true,
    ),
    picture('label', enlarge(draw(hu(slice), label, nothing)), 'Green: the label.', true),
    picture(
      'prediction',
      enlarge(draw(cut(probability), nothing, nothing, { low: 0, high: 1 })),
      'Probability of a nodule, from black (0) to white (1).',
    ),
    picture(
      'error',
      enlarge(draw(hu(slice), label, predicted)),
      'Yellow: true positive; green: missed; red: false positive.',
    ),
    ...(window.rows === rows && window.columns === columns
      ? []
      : [
          picture(
            'whole slice',
            slicePicture(valuesOf(volume, plane(volume.voxels)), plane(mask), prediction, rows, columns, grey),
            'Yellow: true positive; green: missed; red: false positive.',
          ),
        ]),
  ];
}

const valuesOf = ({ scale, offset }: LabelledScan['volume'], stored: Int16Array | Uint8Array): Float32Array =>
  Float32Array.from(stored as ArrayLike<number>, (value) => value * scale + offset);

/** Returns the grey range: the default lung window for HU, else the range of the slice's values. */
function greyRange({ scan: { volume }, middle }: PicturedSlice): { low: number; high: number } | undefined {
  if (volume.intensity === 'hu') return undefined;
  const [, rows, columns] = volume.shape;
  const values = valuesOf(volume, volume.voxels.subarray(middle[0] * rows * columns, (middle[0] + 1) * rows * columns));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, high: Math.max(high, low + 1) };
}

/** Returns a window around a point that stays inside the slice, and a function that cuts it out of a plane. */
function cutter([, row, column]: Index3, rows: number, columns: number) {
  const side = (size: number) => Math.min(MAX_PIXELS, size);
  const first = (middle: number, size: number) =>
    Math.min(Math.max(middle - Math.floor(side(size) / 2), 0), size - side(size));
  const [top, left] = [first(row, rows), first(column, columns)];
  const window = { rows: side(rows), columns: side(columns) };
  const of = (plane: ArrayLike<number>): Float32Array =>
    Float32Array.from({ length: window.rows * window.columns }, (_, at) => {
      const [r, c] = [Math.floor(at / window.columns), at % window.columns];
      return plane[(top + r) * columns + left + c] as number;
    });
  return { ...window, of };
}

/** Enlarges each pixel to a square of `factor` pixels, so that a browser does not blur it. */
function enlarged({ width, height, rgb }: RgbImage, factor: number): RgbImage {
  const large = { width: width * factor, height: height * factor, rgb: new Uint8Array(rgb.length * factor * factor) };
  for (let y = 0; y < large.height; y++)
    for (let x = 0; x < large.width; x++) {
      const from = 3 * (Math.floor(y / factor) * width + Math.floor(x / factor));
      large.rgb.set(rgb.subarray(from, from + 3), 3 * (y * large.width + x));
    }
  return large;
}

/** Tiles pictures of one size in a square grid, row by row, with a frame around the middle one. */
function tiled(images: readonly RgbImage[]): RgbImage {
  const gap = 2;
  const across = Math.ceil(Math.sqrt(images.length));
  const down = Math.ceil(images.length / across);
  const { width, height } = images[0] as RgbImage;
  const grid = { width: across * (width + gap) + gap, height: down * (height + gap) + gap };
  const rgb = new Uint8Array(3 * grid.width * grid.height).fill(64);
  images.forEach((image, n) => {
    const [left, top] = [gap + (n % across) * (width + gap), gap + Math.floor(n / across) * (height + gap)];
    const framed = n === (images.length - 1) / 2;
    for (let y = framed ? -gap : 0; y < height + (framed ? gap : 0); y++) {
      const row = 3 * ((top + y) * grid.width + left);
      if (framed) for (let x = -gap; x < width + gap; x++) rgb.set([255, 200, 0], row + 3 * x);
      if (y >= 0 && y < height) rgb.set(image.rgb.subarray(3 * y * width, 3 * (y + 1) * width), row);
    }
  });
  return { ...grid, rgb };
}
