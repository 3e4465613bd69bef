import { NoduleTrainError } from '../../runtime/index.js';
import { determinant, length, scale, subtract, transpose } from '../grid/matrix3.js';
import { type Geometry, identityDirection, type Matrix3, type Vector3 } from '../grid/volume.js';
import { type NiftiHeader, refuseNiftiField } from './niftiHeader.js';

/** Millimetres by the code of the length unit; 0 (unknown) counts as mm, as in other readers. */
const millimetres = [1, 1000, 1, 0.001];

type Placement = Pick<Geometry, 'spacing' | 'origin' | 'direction'>;

type Grid = Placement & {
  readonly directionField: string;
  readonly notes: readonly string[];
  /** The grid by the other transform, where the two contradict each other. */
  readonly alternative?: Placement;
};

/** Which of the two transforms of a file gives its position. */
export type NiftiTransform = 'sform' | 'qform';

/** Spacings that differ by a larger share contradict each other. */
const spacingShare = 0.01;

/** Positions that are further apart than this, in voxels, contradict each other. */
const mostApart = 0.1;

/**
 * The position of the grid in LPS (NIfTI is RAS): from the sform if its code is above 0, else from the qform; with
 * neither it is unknown, and a note says so. Where both are given, `choice` decides. A transform that is not finite or
 * has no volume is replaced by the other, and contradictions between the two, or of the sform with pixdim, are noted.
 * Spacing is null where nothing is recorded: no unit, every pixdim 1, and identity axes with at most flips.
 * @throws NoduleTrainError `nifti-header`
 */
export const niftiGrid = (path: string, header: NiftiHeader, choice?: NiftiTransform): Grid => {
  const unit = millimetres[header.lengthUnit];
  if (unit === undefined)
    return refuseNiftiField(
      path,
      'xyzt_units',
      `has the unit of length ${header.lengthUnit}`,
      '1 (m), 2 (mm), 3 (micrometre) or 0 (unknown)',
    );
  const sform = header.sformCode > 0 ? attempt(() => bySform(path, header)) : null;
  const qform = header.qformCode > 0 ? attempt(() => byQform(path, header)) : null;
  if (sform === null && qform === null) return unplaced(path, header, unit);
  const [used, other] = choose(sform, qform, choice);
  const { name, field, spacing, columns, offset } = used;
  const known = !(header.lengthUnit === 0 && isDefaultAffine(header, columns, offset));
  const differs = other !== null && 'columns' in other && contradict(used, other, header);
  return {
    ...placementOf(used, unit),
    spacing: known ? scale(spacing, unit) : null,
    directionField: field,
    notes: [
      ...(known ? [] : [spacingUnknown]),
      ...(other !== null && 'fault' in other ? [`${other.fault}; its ${name} is used`] : []),
      ...(differs && choice === undefined ? [contradiction(used, other, header, unit)] : []),
      ...(differs || name !== 'sform' ? [] : pixdimNotes(header, spacing)),
    ],
    ...(differs && { alternative: placementOf(other, unit) }),
  };
};

/** A transform of a file, or why it cannot be used. */
type Attempt = Affine | { readonly fault: string; readonly error: NoduleTrainError };

const attempt = (make: () => Affine): Attempt => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof NoduleTrainError)) throw error;
    const fault = error.message.replace(/^.*?: (?=field )/s, 'its ').replace(/, expected .*$/s, '');
    return { fault, error };
  }
};

/** The transform that is used, and the other one; the one that is not chosen is used if it alone is there. */
const choose = (
  sform: Attempt | null,
  qform: Attempt | null,
  choice: NiftiTransform | undefined,
): [used: Affine, other: Attempt | null] => {
  const [first, second] = choice === 'qform' ? [qform, sform] : [sform, qform];
  if (first === null) return [usable(second!), null];
  if ('columns' in first) return [first, second];
  // A transform that the user chose must be usable.
  if (choice === undefined && second !== null && 'columns' in second) return [second, first];
  return [usable(first), second];
};

const usable = (given: Attempt): Affine => {
  if ('columns' in given) return given;
  throw given.error;
};

const placementOf = ({ columns, spacing, offset }: Affine, unit: number): Placement => ({
  spacing: scale(spacing, unit),
  origin: scale(toLps(offset), unit),
  direction: transpose(columns.map((column, axis) => toLps(scale(column, 1 / spacing[axis]!))) as unknown as Matrix3),
});

/** The largest distance between the corners of the grid by two transforms, in voxels of the finest axis. */
const cornersApart = (a: Affine, b: Affine, { shape }: NiftiHeader): number => {
  const [slices, rows, columns] = shape;
  const at = (affine: Affine, index: Vector3): Vector3 =>
    [0, 1, 2].map(
      (n) => affine.offset[n]! + index.reduce((sum, place, axis) => sum + place * affine.columns[axis]![n]!, 0),
    ) as unknown as Vector3;
  const apart = [0, 1, 2, 3, 4, 5, 6, 7].map((corner) => {
    const index: Vector3 = [
      (corner & 1) * (columns - 1),
      ((corner >> 1) & 1) * (rows - 1),
      (corner >> 2) * (slices - 1),
    ];
    return length(subtract(at(a, index), at(b, index)));
  });
  return Math.max(...apart) / Math.min(...a.spacing);
};

const spacingsDiffer = (a: Vector3, b: Vector3): boolean =>
  a.some((distance, axis) => Math.abs(distance - b[axis]!) > spacingShare * distance);

const contradict = (a: Affine, b: Affine, header: NiftiHeader): boolean =>
  spacingsDiffer(a.spacing, b.spacing) || cornersApart(a, b, header) > mostApart;

const contradiction = (used: Affine, other: Affine, header: NiftiHeader, unit: number): string => {
  const figures = (affine: Affine): string => {
    const { spacing, origin, direction } = placementOf(affine, unit);
    const axes = direction.flat().map(shortly).join(' ');
    return `its ${affine.name} (spacing ${spacing!.map(shortly).join(' x ')} mm, origin ${origin.map(shortly).join(' ')}, axes ${axes})`;
  };
  return (
    `${figures(used)} and ${figures(other).slice(4)} contradict each other, by up to ` +
    `${cornersApart(used, other, header).toPrecision(3)} voxels; the ${used.name} is used. Choose with --nifti-transform ` +
    'sform or qform.'
  );
};

const shortly = (value: number): number => Number(value.toPrecision(5));

/** A note where pixdim is not the distance of the sform, and there is no qform that would use it. */
const pixdimNotes = ({ pixdim }: NiftiHeader, spacing: Vector3): string[] => {
  const distances = pixdim.slice(1, 4).map(Math.abs) as unknown as Vector3;
  // Some programs leave pixdim empty.
  if (!distances.every((distance) => Number.isFinite(distance) && distance > 0)) return [];
  if (!spacingsDiffer(spacing, distances)) return [];
  return [
    `its pixdim (${distances.map(shortly).join(' x ')}) contradicts the distances of its sform ` +
      `(${spacing.map(shortly).join(' x ')}), which are used. Correct the header if pixdim is right.`,
  ];
};

const spacingUnknown = 'the file does not record its voxel spacing (no unit, every distance 1)';

/** Flips x and y; subtracts from 0, which never gives -0. */
const toLps = ([x, y, z]: Vector3): Vector3 => [0 - x, 0 - y, z];

const checkFinite = (path: string, field: string, numbers: readonly number[]): void => {
  if (!numbers.every(Number.isFinite)) refuseNiftiField(path, field, `is ${numbers.join(' ')}`, 'finite numbers');
};

interface Affine {
  readonly name: NiftiTransform;
  readonly field: string;
  /** Lengths of the columns. */
  readonly spacing: Vector3;
  /** Columns of the affine matrix: the step per index along each axis, in RAS. */
  readonly columns: Matrix3;
  readonly offset: Vector3;
}

const bySform = (path: string, { srow }: NiftiHeader): Affine => {
  checkFinite(path, 'srow_x, srow_y, srow_z', srow);
  const at = (column: number): Vector3 => [srow[column]!, srow[4 + column]!, srow[8 + column]!];
  return affineOf(path, {
    name: 'sform',
    field: 'srow_x, srow_y, srow_z',
    columns: [at(0), at(1), at(2)],
    offset: at(3),
  });
};

/**
 * The affine of the qform: a unit quaternion a + bi + cj + dk, of which b, c, d are stored (NIfTI-1.1, nifti1.h,
 * "method 2").
 */
const byQform = (path: string, { quaternion, qoffset, pixdim }: NiftiHeader): Affine => {
  checkFinite(path, 'quatern_b, quatern_c, quatern_d', quaternion);
  checkFinite(path, 'qoffset_x, qoffset_y, qoffset_z', qoffset);
  const sum = quaternion.reduce((total, part) => total + part * part, 0);
  if (sum > 1.001)
    refuseNiftiField(
      path,
      'quatern_b, quatern_c, quatern_d',
      `is ${quaternion.join(' ')}`,
      'three numbers whose squares sum up to at most 1',
    );
  // In float32 the sum of a half turn is slightly off 1.
  const over = sum > 1 - 1e-7 ? 1 / Math.sqrt(sum) : 1;
  const a = over === 1 ? Math.sqrt(1 - sum) : 0;
  const [b, c, d] = quaternion.map((part) => part * over) as [number, number, number];
  const [sx, sy, sz] = distancesOf(path, pixdim);
  const qfac = pixdim[0]! < 0 ? -1 : 1;
  const columns: Matrix3 = [
    scale([a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)], sx),
    scale([2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)], sy),
    scale([2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c], sz * qfac),
  ];
  const offset = qoffset as unknown as Vector3;
  return affineOf(path, { name: 'qform', field: 'quatern_b, quatern_c, quatern_d', columns, offset });
};

/** Adds the spacing; throws `nifti-header` where the columns span no volume. */
const affineOf = (path: string, affine: Omit<Affine, 'spacing'>): Affine => {
  const spacing = affine.columns.map(length) as unknown as Vector3;
  if (!spacing.every((distance) => Number.isFinite(distance) && distance > 0))
    refuseNiftiField(path, affine.field, `gives voxels of ${spacing.join(' x ')}`, 'three distances above 0');
  const units = affine.columns.map((column, axis) => scale(column, 1 / spacing[axis]!)) as unknown as Matrix3;
  if (!(Math.abs(determinant(units)) > leastVolume))
    refuseNiftiField(path, affine.field, 'has axes that lie in one plane', 'three axes at right angles');
  return { ...affine, spacing };
};

/** Axes of length 1 that span less than this lie nearly in one plane. */
const leastVolume = 1e-3;

const distancesOf = (path: string, pixdim: readonly number[]): Vector3 => {
  const distances = pixdim.slice(1, 4) as unknown as Vector3;
  if (!distances.every((distance) => Number.isFinite(distance) && distance > 0))
    refuseNiftiField(path, 'pixdim', `is ${distances.join(' ')}`, 'three distances above 0');
  return distances;
};

/** The grid without either transform ("method 1" of the standard), which has distances but no directions. */
const unplaced = (path: string, { pixdim, lengthUnit }: NiftiHeader, unit: number): Grid => {
  const distances = distancesOf(path, pixdim);
  const known = lengthUnit !== 0 || distances.some((distance) => distance !== 1);
  return {
    spacing: known ? scale(distances, unit) : null,
    origin: [0, 0, 0],
    direction: identityDirection,
    directionField: 'qform_code',
    notes: [
      'neither sform nor qform says where its voxels lie in the patient; assuming that columns go left, rows ' +
        'back and slices up',
      ...(known ? [] : [spacingUnknown]),
    ],
  };
};

/**
 * Whether an affine is the default that tools write without any metadata: distances of 1 along the patient's axes, from
 * 0 (or, flipped, from the other end).
 */
const isDefaultAffine = ({ pixdim, shape }: NiftiHeader, columns: Matrix3, offset: Vector3): boolean =>
  pixdim.slice(1, 4).every((distance) => distance === 1) &&
  columns.every((column, axis) => column.every((step, n) => Math.abs(step) === (n === axis ? 1 : 0))) &&
  offset.every((start, axis) => start === 0 || Math.abs(start) === shape[2 - axis]! - 1);
