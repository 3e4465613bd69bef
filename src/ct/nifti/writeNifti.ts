import { NoduleTrainError, replaceFile } from '../../runtime/index.js';
import { determinant } from '../grid/matrix3.js';
import type { Matrix3, Vector3 } from '../grid/volume.js';
import { packGzip } from '../imageFile/deflate.js';
import { machineIsLittleEndian, viewBytes } from '../imageFile/elementType.js';
import type { ImageToWrite } from '../imageFile/imageFile.js';
import { formatWriterTag } from '../imageFile/writerTag.js';

const datatypes = new Map<unknown, readonly [code: number, bits: number]>([
  [Uint8Array, [2, 8]],
  [Int16Array, [4, 16]],
  [Float32Array, [16, 32]],
  [Float64Array, [64, 64]],
]);

/** Offset of the values: the header, and four bytes that say that no extension follows. */
const valuesAt = 352;

/**
 * Writes one NIfTI-1 file: `.nii.gz` (only wrapped with `compress` false) or `.nii`, in this machine's byte order, with
 * sform and qform (both of code 1, "scanner") in mm. NIfTI-1 stores distances and positions as float32.
 * @throws NoduleTrainError `scan-write`
 */
export const writeNifti = async (path: string, image: ImageToWrite, compress: boolean): Promise<void> => {
  const longest = Math.max(...image.shape);
  if (longest > 32767) {
    throw new NoduleTrainError(
      'scan-write',
      `writing ${path}: an axis has ${longest} voxels, expected at most 32767 for NIfTI-1. Write a .nrrd or .mha file.`,
    );
  }
  const whole = Buffer.concat([headerOf(image), viewBytes(image.values)]);
  const packed = path.toLowerCase().endsWith('.gz');
  await replaceFile(path, packed ? await packGzip(whole, compress) : whole, 'scan-write');
};

const headerOf = ({ shape, spacing, origin, direction, values, intensity }: ImageToWrite): Buffer => {
  const bytes = Buffer.alloc(valuesAt);
  const view = new DataView(bytes.buffer, bytes.byteOffset, valuesAt);
  const little = machineIsLittleEndian;
  const int16 = (place: number, ...numbers: number[]) =>
    numbers.forEach((value, n) => {
      view.setInt16(place + 2 * n, value, little);
    });
  const float32 = (place: number, ...numbers: number[]) =>
    numbers.forEach((value, n) => {
      view.setFloat32(place + 4 * n, value, little);
    });
  const distances: Vector3 = spacing ?? [1, 1, 1];
  // NIfTI is RAS: x and y point the other way.
  const [right, forward, up] = direction;
  const ras: Matrix3 = [
    right.map((entry) => 0 - entry) as unknown as Vector3,
    forward.map((entry) => 0 - entry) as unknown as Vector3,
    up,
  ];
  const offset: Vector3 = [0 - origin[0], 0 - origin[1], origin[2]];
  const { quaternion, qfac } = quaternionOf(ras);
  const [datatype, bits] = datatypes.get(values.constructor)!;

  view.setInt32(0, 348, little);
  int16(40, 3, shape[2], shape[1], shape[0], 1, 1, 1, 1);
  int16(70, datatype, bits);
  float32(76, qfac, ...distances, 1, 1, 1, 1);
  float32(108, valuesAt, 1, 0);
  // Code 2 is mm, 0 unknown.
  view.setUint8(123, spacing === null ? 0 : 2);
  bytes.write(formatWriterTag(intensity, spacing === null), 148, 79, 'latin1');
  int16(252, 1, 1);
  float32(256, ...quaternion, ...offset);
  const affine = ras.flatMap((row, n) => [...row.map((entry, axis) => entry * distances[axis]!), offset[n]!]);
  float32(280, ...affine);
  bytes.write('n+1\0', 344, 'latin1');
  return bytes;
};

/**
 * b, c, d of the unit quaternion of these axes, from the largest of its four parts (Shepperd 1978); `qfac` is -1 where
 * the third axis is flipped.
 */
const quaternionOf = (axes: Matrix3): { quaternion: Vector3; qfac: 1 | -1 } => {
  const qfac = determinant(axes) < 0 ? -1 : 1;
  const [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = axes.map(
    ([x, y, z]): Vector3 => [x, y, z * qfac],
  ) as unknown as Matrix3;
  const squares = [xx + yy + zz, xx - yy - zz, yy - xx - zz, zz - xx - yy].map((sum) => (1 + sum) / 4);
  const largest = squares.indexOf(Math.max(...squares));
  const root = Math.sqrt(squares[largest]!);
  // Each is four times a product of two parts.
  const [ab, ac, ad, bc, bd, cd] = [zy - yz, xz - zx, yx - xy, xy + yx, xz + zx, yz + zy];
  const four = 4 * root;
  const [a, b, c, d] = [
    [root, ab / four, ac / four, ad / four],
    [ab / four, root, bc / four, bd / four],
    [ac / four, bc / four, root, cd / four],
    [ad / four, bd / four, cd / four, root],
  ][largest] as [number, number, number, number];
  // a is not stored and is assumed not negative; a quaternion and its negative are the same rotation.
  const sign = a < 0 ? -1 : 1;
  return { quaternion: [b * sign, c * sign, d * sign], qfac };
};
