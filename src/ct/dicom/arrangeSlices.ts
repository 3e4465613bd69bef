import { NoduleTrainError } from '../../runtime/index.js';
import { cross, dot, length, scale, subtract, transpose } from '../grid/matrix3.js';
import type { Geometry, Vector3 } from '../grid/volume.js';
import { tagName } from './dictionary.js';
import type { Slice } from './slice.js';
import { tagError } from './tags.js';

/** The slices of a series as a stack. */
export interface Arranged extends Geometry {
  /** In order; of several at one place all. */
  readonly places: readonly (readonly [Slice, ...Slice[]])[];
  readonly directionField: string;
  readonly slicePositions?: readonly number[];
  readonly notes: readonly string[];
}

/** Nearer than this, mm, two slices lie at the same place. */
const samePlace = 0.01;

/** A slice is where it should be if it is off by at most this share of the spacing, or by what positions of one decimal are off. */
const evenShare = 0.05;
const evenMm = 0.06;

/** Entries of axes, and of spacings as a share: DS has 16 characters, and some writers round to four digits. */
const sameEntry = 1e-3;

/**
 * Orders slices along the normal of their plane, as ITK does (image position · (row × column), ascending), and says what grid they
 * make. The third axis is the normal, or where the positions lead elsewhere (a tilted gantry) their way, sheared as it is.
 * Throws 'dicom-slices' where the slices are not of one stack.
 */
export const arrangeSlices = (dir: string, slices: readonly [Slice, ...Slice[]]): Arranged => {
  const [first] = slices;
  for (const slice of slices) checkAlike(dir, first, slice);
  const { rowAxis, columnAxis, normal } = planeAxes(first);
  const height = ({ position }: Slice): number => dot(position, normal);
  const places: [Slice, ...Slice[]][] = [];
  for (const slice of [...slices].sort((a, b) => height(a) - height(b))) {
    const last = places.at(-1);
    if (last !== undefined && length(subtract(slice.position, last[0].position)) < samePlace) last.push(slice);
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
    ...(stack.positions === null ? {} : { slicePositions: stack.positions }),
  };
};

const unit = (a: Vector3): Vector3 => scale(a, 1 / length(a));
const differ = (a: readonly number[], b: readonly number[], by: number): boolean =>
  a.some((entry, k) => Math.abs(entry - b[k]!) > by);

const checkAlike = (dir: string, first: Slice, slice: Slice): void => {
  const refuse = (what: string, a: string, b: string): never => {
    throw new NoduleTrainError(
      'dicom-slices',
      `reading ${dir}: the slices of the series differ in ${what}: ${a} in ${fileOf(first)}, ${b} in ${fileOf(slice)}; wanted is one stack: put the others elsewhere`,
    );
  };
  const size = ({ format: { rows, columns } }: Slice): string => `${columns} x ${rows}`;
  if (size(first) !== size(slice)) refuse('size', size(first), size(slice));
  const axes = ({ rowAxis, columnAxis }: Slice): number[] => [...rowAxis, ...columnAxis];
  if (differ(axes(first), axes(slice), sameEntry))
    refuse(tagName('ImageOrientationPatient'), axes(first).join(', '), axes(slice).join(', '));
  if (differ(first.pixelSpacing, slice.pixelSpacing, sameEntry * Math.min(...first.pixelSpacing)))
    refuse(tagName('PixelSpacing'), first.pixelSpacing.join(', '), slice.pixelSpacing.join(', '));
  const [a, b] = [first.frameOfReference, slice.frameOfReference];
  if (a !== null && b !== null && a !== b) refuse(tagName('FrameOfReferenceUID'), a, b);
};

/** The file's own name, of what errors call it: the folder stands there already. */
const fileOf = ({ path }: Slice): string => path.split(/[\\/]/).at(-1)!;

/** Right-angled axes of length 1, as ITK makes them of the rounded ones: normal = row × column, row = column × normal, column = normal × row. */
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
  /** The normal itself where the slices lie along it. */
  readonly axis: Vector3;
  readonly spacing: number;
  /** Null where they are even. */
  readonly positions: readonly number[] | null;
  readonly notes: readonly string[];
}

const stackOf = (dir: string, places: readonly (readonly [Slice, ...Slice[]])[], normal: Vector3): Stack => {
  const slices = places.map(([slice]) => slice);
  const [first, last] = [slices[0]!, slices.at(-1)!];
  if (slices.length === 1) {
    if (first.thickness === null)
      throw tagError(first.name, 'SliceThickness', 'is missing', 'the thickness of the only slice');
    const notes = [`it is one slice, and its thickness of ${first.thickness} mm is taken for the spacing`];
    return { axis: normal, spacing: first.thickness, positions: null, notes };
  }
  const span = subtract(last.position, first.position);
  const spacing = length(span) / (slices.length - 1);
  const way = unit(span);
  const axis = differ(way, normal, sameEntry) ? way : normal;
  const tolerance = Math.max(evenShare * spacing, evenMm);
  const positions = slices.map((slice) => {
    const from = subtract(slice.position, first.position);
    const along = dot(from, way);
    const aside = length(subtract(from, scale(way, along)));
    if (aside > tolerance) {
      throw new NoduleTrainError(
        'dicom-slices',
        `reading ${dir}: the slice in ${fileOf(slice)} lies ${aside.toPrecision(3)} mm beside the line from the first to the last (${tagName('ImagePositionPatient')}); wanted is one stack: choose the slices of one`,
      );
    }
    return along;
  });
  if (positions.every((along, k) => Math.abs(along - k * spacing) <= tolerance))
    return { axis, spacing, positions: null, notes: [] };
  const gaps = positions.slice(1).map((along, k) => along - positions[k]!);
  return { axis, spacing: gaps.sort((a, b) => a - b)[gaps.length >> 1]!, positions, notes: [] };
};
