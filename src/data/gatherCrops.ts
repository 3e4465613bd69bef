import type { Volume } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/error.js';
import type { LabelledScan } from './labelledScan.js';
import type { Triple } from './noduleSlices.js';

export interface CropOptions {
  /** Rows and columns of a plane: the crop that windows are taken from. */
  planeSize: number;
  /** Slices above and below the labelled one. */
  contextSlices: number;
  /** HU are clipped to this; arbitrary intensities stay as stored. */
  clip: { low: number; high: number };
  /** Crops without a nodule from each scan, as far as it has places for them. */
  negativesPerScan: number;
  /** Whether each nodule comes up equally often, or each of its slices. */
  balance: 'nodule' | 'slice';
  shiftedLabel: boolean;
  edgeMismatch: boolean;
}

/**
 * Crops as planes that neighbours share, and a table of which planes make which crop: a nodule over 8 slices is stored
 * once in 14 planes, not in 8 stacks of 7, and the number of context slices is a matter of the table.
 */
export interface Crops {
  intensity: Volume['intensity'];
  /** HU, each `[planeSize, planeSize]`. */
  image: Int16Array[];
  /** Labels of the same size; the first is empty, and stands for every crop without a nodule. */
  label: Uint8Array[];
  /** Rows of `2 * contextSlices + 2`: planes of `image`, last the plane of `label`. */
  table: number[][];
  /** Row and column of what each crop shows, in its plane. */
  focus: [number, number][];
  /** First crop of each nodule (or slice), then the end. */
  positiveGroups: number[];
  /** First crop of each scan's crops without a nodule, then the end. */
  negativeGroups: number[];
}

/** Cuts a crop at each slice of each nodule and crops without a nodule beside them. Scans are held one at a time. */
export async function gatherCrops(
  scans: AsyncIterable<LabelledScan> | Iterable<LabelledScan>,
  options: CropOptions,
): Promise<Crops> {
  const size = options.planeSize ** 2;
  const crops: Crops = {
    intensity: 'hu',
    image: [],
    label: [new Uint8Array(size)],
    table: [],
    focus: [],
    positiveGroups: [],
    negativeGroups: [],
  };
  const negatives: { table: number[][]; focus: [number, number][] }[] = [];
  let first: Volume | undefined;
  for await (const scan of scans) {
    first ??= scan.volume;
    if (scan.volume.intensity !== first.intensity) throw mixed(first, scan.volume);
    crops.intensity = first.intensity;
    if (first.intensity === 'arbitrary') refuseScaled(scan.volume);
    for (const nodule of scan.nodules) {
      const corner = cornerOf(scan.volume, nodule.center, options.planeSize);
      const group = crops.table.length;
      const planes = planeCache(scan, corner, crops, options);
      for (const { slice, row, column } of nodule.slices) {
        if (options.balance === 'slice' || crops.table.length === group) crops.positiveGroups.push(crops.table.length);
        const stack = stackOf(scan.volume, slice, options);
        crops.table.push([...stack.channels.map(planes.image), planes.label(stack.label)]);
        crops.focus.push([
          within(row - corner.row, 0, options.planeSize - 1),
          within(column - corner.column, 0, options.planeSize - 1),
        ]);
      }
    }
    negatives.push(negativesOf(scan, crops, options));
  }
  crops.positiveGroups.push(crops.table.length);
  for (const { table, focus } of negatives) {
    if (table.length === 0) continue;
    crops.negativeGroups.push(crops.table.length);
    for (let i = 0; i < table.length; i++) {
      crops.table.push(table[i]!);
      crops.focus.push(focus[i]!);
    }
  }
  crops.negativeGroups.push(crops.table.length);
  return crops;
}

const mixed = (one: Volume, other: Volume) =>
  new NoduleTrainError(
    'sampler-intensity',
    `cutting training crops: scan ${one.uid} holds ${one.intensity} values, but ${other.uid} ${other.intensity}; train on one kind`,
  );

/** Planes hold what is stored, so scans whose values are stored at different scales would mix. HU are rounded instead. */
function refuseScaled({ uid, scale, offset }: Volume): void {
  if (scale !== 1 || offset !== 0)
    throw new NoduleTrainError(
      'sampler-intensity',
      `cutting training crops: scan ${uid} holds arbitrary values that int16 cannot hold exactly; rescale them to whole numbers from -32768 to 32767`,
    );
}

function negativesOf(scan: LabelledScan, crops: Crops, options: CropOptions) {
  const table: number[][] = [];
  const focus: [number, number][] = [];
  for (const point of scan.background) {
    if (table.length >= options.negativesPerScan) break;
    const corner = cornerOf(scan.volume, point, options.planeSize);
    const { channels } = stackOf(scan.volume, point[0], options);
    if (labelPlane(scan, point[0], corner, options.planeSize).includes(1)) continue;
    table.push([...channels.map(planeCache(scan, corner, crops, options).image), 0]);
    focus.push([point[1] - corner.row, point[2] - corner.column]);
  }
  return { table, focus };
}

interface Corner {
  row: number;
  column: number;
}

/** The crop lies around the point, moved inside the scan; a scan smaller than the crop lies in its middle. */
function cornerOf({ shape }: Volume, [, row, column]: Triple, size: number): Corner {
  const along = (place: number, extent: number) =>
    extent <= size ? -Math.floor((size - extent) / 2) : within(place - Math.floor(size / 2), 0, extent - size);
  return { row: along(row, shape[1]), column: along(column, shape[2]) };
}

/** The slices of a crop; the scan's edge slices repeat, as they do when whole scans are segmented. */
function stackOf({ shape }: Volume, slice: number, options: CropOptions): { channels: number[]; label: number } {
  const { contextSlices } = options;
  const count = 2 * contextSlices + 1;
  const shifted = within(slice - contextSlices, 0, Math.max(0, shape[0] - count));
  const first = options.edgeMismatch ? shifted : slice - contextSlices;
  const channels = Array.from({ length: count }, (_, i) => within(first + i, 0, shape[0] - 1));
  return { channels, label: options.shiftedLabel ? channels[contextSlices]! : slice };
}

/** Cuts each slice at one corner once. */
function planeCache(scan: LabelledScan, corner: Corner, crops: Crops, options: CropOptions) {
  const images = new Map<number, number>();
  const labels = new Map<number, number>();
  return {
    image: (slice: number): number => {
      if (!images.has(slice)) images.set(slice, crops.image.push(imagePlane(scan.volume, slice, corner, options)) - 1);
      return images.get(slice)!;
    },
    label: (slice: number): number => {
      if (!labels.has(slice))
        labels.set(slice, crops.label.push(labelPlane(scan, slice, corner, options.planeSize)) - 1);
      return labels.get(slice)!;
    },
  };
}

function imagePlane(
  { voxels, shape, scale, offset, intensity }: Volume,
  slice: number,
  corner: Corner,
  options: CropOptions,
) {
  const [, rows, columns] = shape;
  const { planeSize, clip } = options;
  const plane = new Int16Array(planeSize ** 2);
  for (let r = 0; r < planeSize; r++) {
    const line = (slice * rows + within(corner.row + r, 0, rows - 1)) * columns;
    for (let c = 0; c < planeSize; c++) {
      const stored = voxels[line + within(corner.column + c, 0, columns - 1)]!;
      plane[r * planeSize + c] =
        intensity === 'arbitrary' ? stored : within(Math.round(stored * scale + offset), clip.low, clip.high);
    }
  }
  return plane;
}

function labelPlane({ mask, volume }: LabelledScan, slice: number, corner: Corner, size: number): Uint8Array {
  const [, rows, columns] = volume.shape;
  const plane = new Uint8Array(size ** 2);
  for (let r = Math.max(0, -corner.row); r < Math.min(size, rows - corner.row); r++)
    for (let c = Math.max(0, -corner.column); c < Math.min(size, columns - corner.column); c++)
      if (mask[(slice * rows + corner.row + r) * columns + corner.column + c] !== 0) plane[r * size + c] = 1;
  return plane;
}

const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
