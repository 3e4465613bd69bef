import { length, scale, transpose } from '../grid/matrix3.js';
import { type Geometry, identityDirection, type Matrix3, type Vector3 } from '../grid/volume.js';
import { type NiftiHeader, refuseNiftiField } from './niftiHeader.js';

/** Millimetres by the code of the length unit; 0 (unknown) counts as mm, as in other readers. */
const millimetres = [1, 1000, 1, 0.001];

type Grid = Pick<Geometry, 'spacing' | 'origin' | 'direction'> & {
  readonly directionField: string;
  readonly notes: readonly string[];
};

/**
 * The position of the grid in LPS (NIfTI is RAS): from the sform if its code is above 0, else from the qform; with
 * neither it is unknown, and a note says so. Spacing is null where nothing is recorded: no unit, every pixdim 1, and
 * identity axes with at most flips.
 * @throws NoduleTrainError `nifti-header`
 */
export const niftiGrid = (path: string, header: NiftiHeader): Grid => {
  const unit = millimetres[header.lengthUnit];
  if (unit === undefined)
    return refuseNiftiField(
      path,
      'xyzt_units',
      `has the unit of length ${header.lengthUnit}`,
      '1 (m), 2 (mm), 3 (micrometre) or 0 (unknown)',
    );
  const { sformCode, qformCode } = header;
  if (sformCode <= 0 && qformCode <= 0) return unplaced(path, header, unit);
  const { field, columns, offset } = sformCode > 0 ? bySform(path, header) : byQform(path, header);
  const spacing = columns.map(length) as unknown as Vector3;
  if (!spacing.every((distance) => Number.isFinite(distance) && distance > 0))
    refuseNiftiField(path, field, `gives voxels of ${spacing.join(' x ')}`, 'three distances above 0');
  const direction = transpose(
    columns.map((column, axis) => toLps(scale(column, 1 / spacing[axis]!))) as unknown as Matrix3,
  );
  const known = !(header.lengthUnit === 0 && isDefaultAffine(header, columns, offset));
  return {
    spacing: known ? scale(spacing, unit) : null,
    origin: scale(toLps(offset), unit),
    direction,
    directionField: field,
    notes: known ? [] : [spacingUnknown],
  };
};

const spacingUnknown = 'the file does not record its voxel spacing (no unit, every distance 1)';

/** Flips x and y; subtracts from 0, which never gives -0. */
const toLps = ([x, y, z]: Vector3): Vector3 => [0 - x, 0 - y, z];

const checkFinite = (path: string, field: string, numbers: readonly number[]): void => {
  if (!numbers.every(Number.isFinite)) refuseNiftiField(path, field, `is ${numbers.join(' ')}`, 'finite numbers');
};

interface Affine {
  readonly field: string;
  /** Columns of the affine matrix: the step per index along each axis, in RAS. */
  readonly columns: Matrix3;
  readonly offset: Vector3;
}

const bySform = (path: string, { srow }: NiftiHeader): Affine => {
  checkFinite(path, 'srow_x, srow_y, srow_z', srow);
  const at = (column: number): Vector3 => [srow[column]!, srow[4 + column]!, srow[8 + column]!];
  return { field: 'srow_x, srow_y, srow_z', columns: [at(0), at(1), at(2)], offset: at(3) };
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
  return { field: 'quatern_b, quatern_c, quatern_d', columns, offset: qoffset as unknown as Vector3 };
};

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
