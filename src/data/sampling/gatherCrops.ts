import { nearestIndex, type Volume, type WorldLPS } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { LabelledScan, ScanNodule } from '../labelling/labelledScan.js';
import type { Triple } from '../labelling/noduleSlices.js';
import { sizeClassOf } from '../labelling/sizeClasses.js';

export interface CropOptions {
  /** Rows and columns of a plane: the crop that windows are taken from. */
  planeSize: number;
  /** Slices above and below the labelled one. */
  contextSlices: number;
  /** HU are clipped to this; arbitrary intensities stay as stored. */
  clip: { low: number; high: number };
  /** Crops without a nodule from each scan, as far as it has places for them. */
  negativesPerScan: number;
  /** What comes up equally often: each nodule, each of its slices, or each class of sizes. */
  balance: 'nodule' | 'slice' | 'size';
  /** Places that are to be taught as no nodule, by series; at most `negativesPerScan` of each are cut. */
  hardPoints?: ReadonlyMap<string, readonly WorldLPS[]> | undefined;
  shiftedLabel: boolean;
  edgeMismatch: boolean;
  annotatedSliceOnly: boolean;
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
  /** What each crop was cut from. */
  sources: CropSource[];
  nodules: number;
  /** Nodules in scans that end within the stacks of slices around them, as crops do. */
  nodulesInCrops: number;
  /** First crop of each nodule (or slice, or class of sizes), then the end. */
  positiveGroups: number[];
  /** First crop of each scan's crops without a nodule, then the end. */
  negativeGroups: number[];
  /** The same of the crops at `hardPoints`. */
  hardGroups: number[];
}

/** Where a training crop comes from. */
export interface CropSource {
  uid: string;
  /** Of its middle, from 0. */
  slice: number;
  /** Which of the scan's nodules it shows, from 1; null: none. */
  nodule: number | null;
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
    if (scan.volume.intensity !== first.intensity) throw mixed(first, scan.volume);
    crops.intensity = first.intensity;
    if (first.intensity === 'arbitrary') refuseScaled(scan.volume);
    for (const [at, nodule] of scan.nodules.entries()) {
      const cuts = positivesOf(scan, nodule, at + 1, planes, crops, options);
      positives.push({ ...cuts, size: sizeClassOf(nodule, scan.volume) });
      crops.nodules++;
      if (scan.volume.shape[0] <= nodule.slices.length + 2 * options.contextSlices) crops.nodulesInCrops++;
    }
    negatives.push(negativesOf(scan, scan.background, planes, crops, options));
    const points = options.hardPoints?.get(scan.volume.uid) ?? [];
    const places = points.map((point) => nearestIndex(scan.volume, point) as unknown as Triple);
    hard.push(negativesOf(scan, places.filter(isInside(scan.volume)), planes, crops, options));
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

/** Crops that were cut, not yet given their place. */
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

const isInside =
  ({ shape }: Volume) =>
  (place: Triple): boolean =>
    place.every((at, axis) => at >= 0 && at < shape[axis]!);

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

function positivesOf(
  scan: LabelledScan,
  nodule: ScanNodule,
  number: number,
  planes: Planes,
  crops: Crops,
  options: CropOptions,
): Cuts {
  const corner = cornerOf(scan.volume, nodule.center, options.planeSize);
  const cut = planesAt(planes, scan, corner, crops, options);
  const shown = options.annotatedSliceOnly ? annotatedSlice(scan.volume, nodule, options) : nodule.slices;
  const table = shown.map(({ slice }) => {
    const stack = stackOf(scan.volume, slice, options);
    return [...stack.channels.map(cut.image), cut.label(stack.label)];
  });
  const focus = shown.map(({ row, column }): [number, number] => [
    within(row - corner.row, 0, options.planeSize - 1),
    within(column - corner.column, 0, options.planeSize - 1),
  ]);
  const sources = shown.map(({ slice }) => ({ uid: scan.volume.uid, slice, nodule: number }));
  return { table, focus, sources };
}

/**
 * What the book shows of a nodule, labelled or not: the stack around its annotation. It begins at `slice - count / 2`, rounded
 * as Python rounds, halves to even: so the middle of an odd stack is the annotated slice or the one before it, whichever
 * makes the first slice even.
 */
function annotatedSlice(volume: Volume, { center }: ScanNodule, { contextSlices }: CropOptions) {
  if (!isInside(volume)(center)) return [];
  const [slice, row, column] = center;
  const first = slice - contextSlices;
  return [{ slice: first % 2 === 0 ? slice : slice - 1, row, column }];
}

function negativesOf(
  scan: LabelledScan,
  points: readonly Triple[],
  planes: Planes,
  crops: Crops,
  options: CropOptions,
): Cuts {
  const table: number[][] = [];
  const focus: [number, number][] = [];
  const sources: CropSource[] = [];
  for (const point of points) {
    if (table.length >= options.negativesPerScan) break;
    const corner = cornerOf(scan.volume, point, options.planeSize);
    const { channels } = stackOf(scan.volume, point[0], options);
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

/** The planes of one scan that are cut already, by their corner. */
type Planes = Map<string, ReturnType<typeof planeCache>>;

/** Cuts each slice at one corner once, whatever is shown there. */
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
