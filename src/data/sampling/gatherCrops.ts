import { type Index3, isInside, nearestIndex, type Volume, type WorldLPS } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { LabelledScan, ScanNodule } from '../labelling/labelledScan.js';
import { sizeClass } from '../labelling/sizeClasses.js';

export interface CropOptions {
  /** Rows and columns of a plane, from which the windows are cut. */
  planeSize: number;
  /** Slices above and below the labelled one. */
  contextSlices: number;
  /** Range that HU are clipped to; arbitrary intensities stay as stored. */
  clip: { low: number; high: number };
  /** Number of crops without a nodule from each scan, if it has places for them. */
  negativesPerScan: number;
  /** What is sampled equally often: nodules, their slices, or size classes. */
  balance: 'nodule' | 'slice' | 'size';
  /** Points to train on as negatives, by series; at most `negativesPerScan` crops are taken per series. */
  hardPoints?: ReadonlyMap<string, readonly WorldLPS[]> | undefined;
  shiftedLabel: boolean;
  edgeMismatch: boolean;
  annotatedSliceOnly: boolean;
}

/**
 * Crops as planes that neighbouring crops share, and a table of the planes of each crop. A nodule over 8 slices is
 * stored once in 14 planes instead of 8 stacks of 7, and the number of context slices affects the table only.
 */
export interface Crops {
  intensity: Volume['intensity'];
  /** Planes `[planeSize, planeSize]`, in HU or as stored. */
  image: Int16Array[];
  /** Labels of the same size; the first is empty, for every crop without a nodule. */
  label: Uint8Array[];
  /** Rows of `2 * contextSlices + 2` indices: planes of `image`, then the plane of `label`. */
  table: number[][];
  /** Row and column in its plane of what each crop shows. */
  focus: [number, number][];
  /** Source of each crop. */
  sources: CropSource[];
  nodules: number;
  /** Number of nodules whose slices with their context cover the whole scan, as in crops around one nodule. */
  nodulesInCrops: number;
  /** First crop of each nodule (or slice, or size class), then the end. */
  positiveGroups: number[];
  /** First crop of each scan's crops without a nodule, then the end. */
  negativeGroups: number[];
  /** First crop of each scan's crops at `hardPoints`, then the end. */
  hardGroups: number[];
}

/** Source of a training crop. */
export interface CropSource {
  uid: string;
  /** Middle slice, from 0. */
  slice: number;
  /** Number of the nodule that it shows, from 1 in its scan; null: none. */
  nodule: number | null;
}

/**
 * Cuts a crop at each slice of each nodule, and crops without a nodule. Holds one scan in memory at a time.
 * @throws NoduleTrainError `sampler-intensity` if scans in HU and scans of other intensities are mixed, or the values
 * of a scan cannot be stored exactly
 */
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
    sources: [],
    nodules: 0,
    nodulesInCrops: 0,
    positiveGroups: [],
    negativeGroups: [],
    hardGroups: [],
  };
  const positives: (Cuts & { size: number })[] = [];
  const negatives: Cuts[] = [];
  const hard: Cuts[] = [];
  let first: Volume | undefined;
  for await (const scan of scans) {
    const planes: Planes = new Map();
    first ??= scan.volume;
    if (scan.volume.intensity !== first.intensity) throw mixedIntensities(first, scan.volume);
    crops.intensity = first.intensity;
    if (first.intensity === 'arbitrary') refuseScaled(scan.volume);
    for (const [at, nodule] of scan.nodules.entries()) {
      const cuts = cutNodule(scan, nodule, at + 1, planes, crops, options);
      positives.push({ ...cuts, size: sizeClass(nodule, scan.volume) });
      crops.nodules++;
      if (scan.volume.shape[0] <= nodule.slices.length + 2 * options.contextSlices) crops.nodulesInCrops++;
    }
    negatives.push(cutBackground(scan, scan.background, planes, crops, options));
    const points = options.hardPoints?.get(scan.volume.uid) ?? [];
    const places = points.map((point) => nearestIndex(scan.volume, point));
    const inside = places.filter((place) => isInside(scan.volume, place));
    hard.push(cutBackground(scan, inside, planes, crops, options));
  }
  if (options.balance === 'size') positives.sort((a, b) => a.size - b.size);
  let last: number | undefined;
  for (const { table, focus, sources, size } of positives) {
    const start = crops.table.length;
    const starts = table.map((_, i) => start + i);
    if (options.balance === 'slice') crops.positiveGroups.push(...starts);
    else if (options.balance === 'nodule') crops.positiveGroups.push(...starts.slice(0, 1));
    else if (size !== last && table.length > 0) {
      crops.positiveGroups.push(start);
      last = size;
    }
    append(crops, { table, focus, sources });
  }
  crops.positiveGroups.push(crops.table.length);
  appendGroups(crops, crops.negativeGroups, negatives);
  appendGroups(crops, crops.hardGroups, hard);
  return crops;
}

/** Crops before they are appended to `Crops`. */
interface Cuts {
  table: number[][];
  focus: [number, number][];
  sources: CropSource[];
}

function append(crops: Crops, { table, focus, sources }: Cuts) {
  for (const source of sources) crops.sources.push(source);
  for (const row of table) crops.table.push(row);
  for (const place of focus) crops.focus.push(place);
}

function appendGroups(crops: Crops, groups: number[], cuts: readonly Cuts[]) {
  for (const each of cuts) {
    if (each.table.length === 0) continue;
    groups.push(crops.table.length);
    append(crops, each);
  }
  groups.push(crops.table.length);
}

const mixedIntensities = (one: Volume, other: Volume) =>
  new NoduleTrainError(
    'sampler-intensity',
    `cutting training crops: the values of scan ${other.uid} are ${other.intensity}, expected ${one.intensity} as in ` +
      `scan ${one.uid}. Train on scans of one kind.`,
  );

/** Refuses scaled arbitrary values: planes hold them as stored, so they must mean the same in every scan. */
function refuseScaled({ uid, scale, offset }: Volume): void {
  if (scale !== 1 || offset !== 0)
    throw new NoduleTrainError(
      'sampler-intensity',
      `cutting training crops: scan ${uid} stores its values scaled (scale ${scale}, offset ${offset}), expected ` +
        'arbitrary values that int16 holds exactly. Rescale them to whole numbers from -32768 to 32767.',
    );
}

function cutNodule(
  scan: LabelledScan,
  nodule: ScanNodule,
  number: number,
  planes: Planes,
  crops: Crops,
  options: CropOptions,
): Cuts {
  const corner = cropCorner(scan.volume, nodule.center, options.planeSize);
  const cut = planesAt(planes, scan, corner, crops, options);
  const shown = options.annotatedSliceOnly ? annotatedSlice(scan.volume, nodule, options) : nodule.slices;
  const table = shown.map(({ slice }) => {
    const stack = sliceStack(scan.volume, slice, options);
    return [...stack.channels.map(cut.image), cut.label(stack.label)];
  });
  const focus = shown.map(({ row, column }): [number, number] => [
    clamp(row - corner.row, 0, options.planeSize - 1),
    clamp(column - corner.column, 0, options.planeSize - 1),
  ]);
  const sources = shown.map(({ slice }) => ({ uid: scan.volume.uid, slice, nodule: number }));
  return { table, focus, sources };
}

/**
 * The slice of a nodule that the book trains on, labelled or not: the middle of the stack around its annotation. The
 * stack begins at `slice - count / 2`, rounded half to even as in Python. So the middle of an odd stack is the
 * annotated slice or the one before it, whichever makes the first slice even.
 */
function annotatedSlice(volume: Volume, { center }: ScanNodule, { contextSlices }: CropOptions) {
  if (!isInside(volume, center)) return [];
  const [slice, row, column] = center;
  const first = slice - contextSlices;
  return [{ slice: first % 2 === 0 ? slice : slice - 1, row, column }];
}

function cutBackground(
  scan: LabelledScan,
  points: readonly Index3[],
  planes: Planes,
  crops: Crops,
  options: CropOptions,
): Cuts {
  const table: number[][] = [];
  const focus: [number, number][] = [];
  const sources: CropSource[] = [];
  for (const point of points) {
    if (table.length >= options.negativesPerScan) break;
    const corner = cropCorner(scan.volume, point, options.planeSize);
    const { channels } = sliceStack(scan.volume, point[0], options);
    if (labelPlane(scan, point[0], corner, options.planeSize).includes(1)) continue;
    table.push([...channels.map(planesAt(planes, scan, corner, crops, options).image), 0]);
    focus.push([point[1] - corner.row, point[2] - corner.column]);
    sources.push({ uid: scan.volume.uid, slice: point[0], nodule: null });
  }
  return { table, focus, sources };
}

interface Corner {
  row: number;
  column: number;
}

/**
 * First row and column of a plane around a point, moved inside the scan; a scan smaller than the plane is centred in
 * it.
 */
function cropCorner({ shape }: Volume, [, row, column]: Index3, size: number): Corner {
  const along = (place: number, extent: number) =>
    extent <= size ? -Math.floor((size - extent) / 2) : clamp(place - Math.floor(size / 2), 0, extent - size);
  return { row: along(row, shape[1]), column: along(column, shape[2]) };
}

/**
 * The slices of a crop. Beyond the ends of the scan its end slices repeat, as they do when whole scans are segmented.
 */
function sliceStack({ shape }: Volume, slice: number, options: CropOptions): { channels: number[]; label: number } {
  const { contextSlices } = options;
  const count = 2 * contextSlices + 1;
  const shifted = clamp(slice - contextSlices, 0, Math.max(0, shape[0] - count));
  const first = options.edgeMismatch ? shifted : slice - contextSlices;
  const channels = Array.from({ length: count }, (_, i) => clamp(first + i, 0, shape[0] - 1));
  return { channels, label: options.shiftedLabel ? channels[contextSlices]! : slice };
}

/** Planes of one scan that are already cut, by their corner. */
type Planes = Map<string, ReturnType<typeof planeCache>>;

/** Returns the planes at one corner, so that each slice is cut there only once. */
function planesAt(planes: Planes, scan: LabelledScan, corner: Corner, crops: Crops, options: CropOptions) {
  const key = `${corner.row} ${corner.column}`;
  const known = planes.get(key) ?? planeCache(scan, corner, crops, options);
  planes.set(key, known);
  return known;
}

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
    const line = (slice * rows + clamp(corner.row + r, 0, rows - 1)) * columns;
    for (let c = 0; c < planeSize; c++) {
      const stored = voxels[line + clamp(corner.column + c, 0, columns - 1)]!;
      plane[r * planeSize + c] =
        intensity === 'arbitrary' ? stored : clamp(Math.round(stored * scale + offset), clip.low, clip.high);
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

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
