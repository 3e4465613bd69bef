import { NoduleTrainError } from '../../runtime/index.js';
import { cross, dot, length, scale, subtract, transpose } from '../grid/matrix3.js';
import type { Geometry, Vector3 } from '../grid/volume.js';
import { tagName } from './dictionary.js';
import type { Slice } from './slice.js';
import { tagError } from './tags.js';

/** The slices of a series, ordered into a stack. */
export interface Arranged extends Geometry {
  /** Slices by position, in order; several slices may have the same position. */
  readonly places: readonly (readonly [Slice, ...Slice[]])[];
  readonly directionField: string;
  readonly slicePositions?: readonly number[];
  readonly sliceNames?: readonly string[];
  readonly notes: readonly string[];
}

/** Two slices nearer than this have the same position. */
const samePlaceMm = 0.01;

/** Tolerance of slice positions: a share of the spacing, or the rounding error of positions with one decimal. */
const evenShare = 0.05;
const evenMm = 0.06;

/**
 * Tolerance for entries of axes, and relative tolerance for spacings. DS has 16 characters, but some writers round to
 * four digits.
 */
const sameEntry = 1e-3;

/**
 * Orders slices along the normal of their plane, as ITK does (image position · (row × column), ascending), and derives
 * their grid. The third axis is the normal; where the positions go another way (tilted gantry) it is that sheared
 * direction.
 * @throws NoduleTrainError `dicom-slices` if the slices do not form one stack; `dicom-tag` for invalid axes or a
 * single slice without thickness
 */
export const arrangeSlices = (dir: string, slices: readonly [Slice, ...Slice[]]): Arranged => {
  const [first] = slices;
  for (const slice of slices) checkAlike(dir, first, slice);
  const { rowAxis, columnAxis, normal } = planeAxes(first);
  const height = ({ position }: Slice): number => dot(position, normal);
  const places: [Slice, ...Slice[]][] = [];
  for (const slice of [...slices].sort((a, b) => height(a) - height(b))) {
    const last = places.at(-1);
    if (last !== undefined && length(subtract(slice.position, last[0].position)) < samePlaceMm) last.push(slice);
    else places.push([slice]);
  }
  const stack = stackOf(dir, places, normal);
  const tilted = stack.axis !== normal;
  return {
    places,
    shape: [places.length, first.format.rows, first.format.columns],
    spacing: [first.pixelSpacing[1], first.pixelSpacing[0], stack.spacing],
    origin: places[0]![0].position,
    direction: transpose([rowAxis, columnAxis, stack.axis]),
    directionField: tagName(tilted ? 'ImagePositionPatient' : 'ImageOrientationPatient'),
    notes: stack.notes,
    ...(stack.positions !== null && {
      slicePositions: stack.positions,
      sliceNames: places.map(([slice]) => nameOf(slice)),
    }),
  };
};

const unit = (a: Vector3): Vector3 => scale(a, 1 / length(a));
const differ = (a: readonly number[], b: readonly number[], by: number): boolean =>
  a.some((entry, k) => Math.abs(entry - b[k]!) > by);

/** In what two slices differ that those of one stack have in common, with both values; null if they do not. */
export const differenceOf = (
  first: Slice,
  slice: Slice,
): { readonly what: string; readonly values: readonly [string, string] } | null => {
  const differs = (what: string, a: string, b: string) => ({ what, values: [a, b] as const });
  const size = ({ format: { rows, columns } }: Slice): string => `${columns} x ${rows}`;
  if (size(first) !== size(slice)) return differs('size', size(first), size(slice));
  const axes = ({ rowAxis, columnAxis }: Slice): number[] => [...rowAxis, ...columnAxis];
  if (differ(axes(first), axes(slice), sameEntry))
    return differs(tagName('ImageOrientationPatient'), axes(first).join(', '), axes(slice).join(', '));
  if (differ(first.pixelSpacing, slice.pixelSpacing, sameEntry * Math.min(...first.pixelSpacing)))
    return differs(tagName('PixelSpacing'), first.pixelSpacing.join(', '), slice.pixelSpacing.join(', '));
  const [a, b] = [first.frameOfReference, slice.frameOfReference];
  return a !== null && b !== null && a !== b ? differs(tagName('FrameOfReferenceUID'), a, b) : null;
};

const checkAlike = (dir: string, first: Slice, slice: Slice): void => {
  const difference = differenceOf(first, slice);
  if (difference === null) return;
  const {
    what,
    values: [a, b],
  } = difference;
  throw new NoduleTrainError(
    'dicom-slices',
    `reading ${dir}: the slices of the series differ in ${what}: ${a} in ${fileOf(first)}, ${b} in ` +
      `${fileOf(slice)}, expected one stack. Move the other slices to another folder.`,
  );
};

/** The file name alone, as errors name the folder already. */
const fileOf = ({ path }: Slice): string => path.split(/[\\/]/).at(-1)!;

const nameOf = (slice: Slice): string => `${fileOf(slice)}${slice.frames > 1 ? ` frame ${slice.frame + 1}` : ''}`;

/**
 * Orthonormal axes from the rounded ones, as ITK computes them: normal = row × column, row = column × normal, column =
 * normal × row.
 */
const planeAxes = ({ name, rowAxis: row, columnAxis: column }: Slice) => {
  if (differ([length(row), length(column), dot(row, column)], [1, 1, 0], sameEntry)) {
    const found = `is ${[...row, ...column].join(', ')}`;
    throw tagError(name, 'ImageOrientationPatient', found, 'two axes of length 1 at right angles');
  }
  const normal = unit(cross(row, column));
  const rowAxis = unit(cross(column, normal));
  return { normal, rowAxis, columnAxis: cross(normal, rowAxis) };
};

interface Stack {
  /** Direction of the slices; the very object `normal` where they follow it. */
  readonly axis: Vector3;
  readonly spacing: number;
  /** Positions in mm from the first slice; null where they are evenly spaced. */
  readonly positions: readonly number[] | null;
  readonly notes: readonly string[];
}

const stackOf = (dir: string, places: readonly (readonly [Slice, ...Slice[]])[], normal: Vector3): Stack => {
  const slices = places.map(([slice]) => slice);
  const [first, last] = [slices[0]!, slices.at(-1)!];
  if (slices.length === 1) {
    if (first.thickness === null)
      throw tagError(first.name, 'SliceThickness', 'is missing', 'the thickness of the only slice');
    const notes = [`it has one slice, so its thickness of ${first.thickness} mm is used as the spacing`];
    return { axis: normal, spacing: first.thickness, positions: null, notes };
  }
  const span = subtract(last.position, first.position);
  const spacing = length(span) / (slices.length - 1);
  const along = unit(span);
  const axis = differ(along, normal, sameEntry) ? along : normal;
  const tolerance = Math.max(evenShare * spacing, evenMm);
  const positions = slices.map((slice) => {
    const from = subtract(slice.position, first.position);
    const distance = dot(from, along);
    const aside = length(subtract(from, scale(along, distance)));
    if (aside > tolerance) {
      throw new NoduleTrainError(
        'dicom-slices',
        `reading ${dir}: the slice in ${fileOf(slice)} lies ${aside.toPrecision(3)} mm beside the line from the ` +
          `first to the last (${tagName('ImagePositionPatient')}), expected one stack. Keep the slices of one ` +
          'stack only.',
      );
    }
    return distance;
  });
  if (positions.every((distance, k) => Math.abs(distance - k * spacing) <= tolerance))
    return { axis, spacing, positions: null, notes: [] };
  const gaps = positions.slice(1).map((distance, k) => distance - positions[k]!);
  // The lower one: of few slices with a gap among them, the usual distance is the small one.
  const median = gaps.toSorted((a, b) => a - b)[(gaps.length - 1) >> 1]!;
  return { axis, spacing: median, positions, notes: [] };
};
