import { NoduleTrainError } from '../../runtime/index.js';
import { gridFault, sameGridTolerance } from './checkSameGrid.js';
import { type LatticeSteps, latticeSteps } from './latticeSteps.js';
import { type Geometry, type Shape3, type Vector3, type Volume, voxelCount } from './volume.js';

/** Labels or probabilities on a grid of their own. */
export interface PlacedImage<Voxels> extends Geometry {
  readonly voxels: Voxels;
  /** Another position of the grid, where the file contradicts itself. */
  readonly alternative?: Pick<Geometry, 'spacing' | 'origin' | 'direction'>;
}

/** Voxels on the grid of a scan, `[slices, rows, columns]`, and what the user should know about how they came there. */
export interface LaidImage<Voxels> {
  readonly voxels: Voxels;
  readonly notes: readonly string[];
}

/** A part of the scan is found by its position: its voxels must lie on the scan's within this, in voxels. */
const partTolerance = 0.1;

/** From here on a probability counts as marked. */
const marked = 0.5;

/**
 * Puts an image of some `kind` (mask, prediction) on the grid of its scan, without interpolation. Programs store the
 * same voxels in another order of the axes, or from other corners (dcm2niix, everything that writes RAS), and 3D Slicer
 * the part around a segment: such an image is turned and placed, and voxels outside it are 0. An image that does not
 * record its position, or of a scan that does not, is accepted by its shape.
 *
 * An image on the scan's own grid is returned as it is, not copied. Without `parts` it must have all of the scan's
 * voxels.
 * @throws NoduleTrainError `mask-shape`, `mask-grid` if its voxels do not lie on those of the scan, or marked ones
 * outside
 */
export const layOnScan = <Voxels extends Uint8Array | Float32Array>(
  kind: string,
  path: string,
  image: PlacedImage<Voxels>,
  volume: Volume,
  { parts = true }: { readonly parts?: boolean } = {},
): LaidImage<Voxels> => {
  const other = image.alternative === undefined ? null : { ...image, ...image.alternative };
  const fault = gridFault(kind, path, known(image), known(volume));
  if (fault === null) return { voxels: image.voxels, notes: [] };
  if (other !== null && gridFault(kind, path, other, volume) === null)
    return { voxels: image.voxels, notes: [alternativeNote] };
  // Where all voxels agree by their positions, these are trusted, even if they are those of an image without any.
  const whole = onLattice(kind, path, known(image), known(volume), true);
  if (whole !== null) return whole;
  // A resampled scan has other voxels than its file, on which the image was made.
  if (volume.resampled === true) throw fault;
  if (matchesByShape(image, volume)) return { voxels: image.voxels, notes: [shapeAlone(kind, image, volume)] };
  if (image.spacing === null || volume.spacing === null || !parts) throw fault;
  const laid = onLattice(kind, path, image, volume, false);
  if (laid !== null) return laid;
  const byOther = other === null ? null : onLattice(kind, path, other, volume, false);
  if (byOther !== null) return { voxels: byOther.voxels, notes: [alternativeNote, ...byOther.notes] };
  throw (fault.code === 'mask-shape' ? offGridFault(kind, path, image, volume) : null) ?? fault;
};

const alternativeNote =
  'its sform and qform contradict each other, and the one that fits the scan is used to place it on the scan';

/** Why an image with the axes and voxel size of the scan, in any order, does not lie on its voxels; else null. */
export const offGridFault = (kind: string, path: string, image: Geometry, volume: Volume): NoduleTrainError | null => {
  const lattice = latticeSteps(image, volume);
  if (lattice === null || lattice.off <= partTolerance) return null;
  return new NoduleTrainError(
    'mask-grid',
    `matching the ${kind} ${path} to its scan ${volume.uid}: its voxels lie up to ${lattice.off.toPrecision(3)} voxels ` +
      `off the centres of the scan's, expected the scan's own grid (spacing, origin and direction), or a part of it ` +
      `within ${partTolerance} voxels. Resample the ${kind}, or give the scan it was made on.`,
  );
};

/** The grid with distances of 1 where they are unknown. */
const known = <Grid extends Geometry>(grid: Grid): Grid => ({ ...grid, spacing: grid.spacing ?? [1, 1, 1] });

const isClose = (a: number, b: number, within = 1e-4): boolean => Math.abs(a - b) <= within;

/**
 * Whether a grid has the position that programs give an image without one: axes along the patient's (in LPS or RAS),
 * the first voxel (or the last, where an axis is flipped) at 0.
 */
const isUnplaced = ({ shape, spacing, origin, direction }: Geometry): boolean => {
  const [sx, sy] = spacing ?? [1, 1];
  const extents = [(shape[2] - 1) * sx, (shape[1] - 1) * sy];
  return (
    direction.every((row, n) =>
      row.every((entry, axis) => (n === axis ? isClose(Math.abs(entry), 1) : isClose(entry, 0))),
    ) &&
    direction[2][2] > 0 &&
    origin.every((start, axis) => isClose(start, 0) || (axis < 2 && isClose(Math.abs(start), extents[axis]!)))
  );
};

/** Whether the distances are those of the other grid within 1 %, or the 1 mm of an image without any. */
const mayHaveSpacing = ({ spacing }: Geometry, other: Geometry): boolean =>
  spacing === null ||
  spacing.every((distance) => distance === 1) ||
  other.spacing === null ||
  spacing.every((distance, axis) => isClose(distance, other.spacing![axis]!, 0.01 * distance));

/** Whether an image may lie on the scan only because one of the two does not say where it lies. */
const matchesByShape = (image: Geometry, volume: Geometry): boolean =>
  image.shape.every((extent, axis) => extent === volume.shape[axis]) &&
  ((isUnplaced(image) && mayHaveSpacing(image, volume)) || (isUnplaced(volume) && mayHaveSpacing(volume, image)));

const shapeAlone = (kind: string, image: Geometry, volume: Geometry): string => {
  const which = !isUnplaced(image) ? "its scan's file does" : isUnplaced(volume) ? 'it and its scan do' : 'it does';
  return (
    `${which} not record where the voxels lie in the patient (origin 0, axes along the patient's), so only the shape ` +
    `of the ${kind} matches: a flip or another order of the slices cannot be excluded. Look at one in the viewer, or ` +
    "copy the scan's origin, spacing and direction into it."
  );
};

/** Whether the voxels of an image are exactly those of the scan, in some order. */
export const coversWhole = (image: Geometry, lattice: LatticeSteps, { shape }: Geometry): boolean => {
  const box = boxOf(image, lattice);
  return box.from.every((start, axis) => start === 0 && box.extent[axis] === shape[axis]);
};

/** The voxels of the scan that an image covers; they may lie outside. */
const boxOf = ({ shape }: Geometry, { first, steps }: LatticeSteps) => {
  const reach = (n: number, sign: 1 | -1): number =>
    steps.reduce((sum, step, axis) => sum + (step[n]! * sign > 0 ? step[n]! * (shape[axis]! - 1) : 0), first[n]!);
  const from = [0, 1, 2].map((n) => reach(n, -1)) as unknown as Vector3;
  const extent = [0, 1, 2].map((n) => reach(n, 1) - from[n]! + 1) as unknown as Shape3;
  return { from, extent };
};

/**
 * Places an image by its position; null where its voxels do not lie on those of the scan, or with `onlyWhole` where
 * they are not all of the scan's.
 */
const onLattice = <Voxels extends Uint8Array | Float32Array>(
  kind: string,
  path: string,
  image: PlacedImage<Voxels>,
  volume: Volume,
  onlyWhole: boolean,
): LaidImage<Voxels> | null => {
  const lattice = latticeSteps(image, volume);
  if (lattice === null) return null;
  const whole = coversWhole(image, lattice, volume);
  if (lattice.off > (whole ? sameGridTolerance : partTolerance) || (onlyWhole && !whole)) return null;
  const { from, extent } = boxOf(image, lattice);
  const { voxels, outside } = copy(image, lattice, volume.shape);
  if (outside > 0) {
    throw new NoduleTrainError(
      'mask-grid',
      `matching the ${kind} ${path} to its scan ${volume.uid}: ${outside} of its marked voxels lie outside the scan's ` +
        `[${volume.shape.join(', ')}] voxels: it covers [${extent.join(', ')}] from index [${from.join(', ')}]. ` +
        `Give the ${kind} of this scan.`,
    );
  }
  const turned = lattice.steps.some((step, axis) => step[axis] !== 1);
  return {
    voxels,
    notes: [
      ...(turned
        ? [`its axes have another order or direction than the scan's (${describeSteps(lattice)}): turned onto the scan`]
        : []),
      ...(whole
        ? []
        : [
            `it covers [${extent.join(', ')}] of the scan's [${volume.shape.join(', ')}] voxels, from index ` +
              `[${from.join(', ')}]: placed by its position, 0 outside`,
          ]),
    ],
  };
};

const describeSteps = ({ steps }: LatticeSteps): string =>
  steps
    .map((step, axis) => {
      const along = step.findIndex((by) => by !== 0);
      const names = ['slices', 'rows', 'columns'];
      return `${names[axis]} along ${step[along]! < 0 ? 'reversed ' : ''}${names[along]}`;
    })
    .join(', ');

/** Copies the voxels to their places in a grid of `shape`, and counts the marked ones that lie outside. */
const copy = <Voxels extends Uint8Array | Float32Array>(
  { shape: own, voxels }: PlacedImage<Voxels>,
  { first, steps }: LatticeSteps,
  shape: Shape3,
): { voxels: Voxels; outside: number } => {
  const strides = [shape[1] * shape[2], shape[2], 1];
  // For each axis of the image: the offset of each position along it, NaN outside the grid.
  const [slices, rows, columns] = own.map((extent, axis) => {
    const along = steps[axis]!.findIndex((by) => by !== 0);
    return Array.from({ length: extent }, (_, k) => {
      const place = first[along]! + k * steps[axis]![along]!;
      return place >= 0 && place < shape[along]! ? place * strides[along]! : Number.NaN;
    });
  }) as [number[], number[], number[]];
  const isLabel = voxels instanceof Uint8Array;
  const laid = isLabel ? new Uint8Array(voxelCount(shape)) : new Float32Array(voxelCount(shape));
  let outside = 0;
  let k = 0;
  for (const slice of slices) {
    for (const row of rows) {
      for (const column of columns) {
        const value = voxels[k++]!;
        if (value === 0) continue;
        const place = slice + row + column;
        if (place >= 0) laid[place] = value;
        else if (isLabel || value >= marked) outside++;
      }
    }
  }
  return { voxels: laid as Voxels, outside };
};
