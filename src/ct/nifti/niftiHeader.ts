import { constants } from 'node:buffer';
import { NoduleTrainError } from '../../runtime/index.js';
import { type Shape3, voxelCount } from '../grid/volume.js';
import { type ElementType, elementTypes } from '../imageFile/elementType.js';

/** Offsets of the fields that are read, from nifti1.h and nifti2.h of the NIfTI-1.1 and NIfTI-2 standards. */
const layouts = {
  348: {
    bytes: 348,
    magicAt: 344,
    magic: 'n+1\0',
    pair: 'ni1\0',
    leastOffset: 352,
    dim: 40,
    datatype: 70,
    pixdim: 76,
    voxOffset: 108,
    slope: 112,
    intercept: 116,
    units: 123,
    descrip: 148,
    qformCode: 252,
    sformCode: 254,
    quaternion: 256,
    qoffset: 268,
    srow: 280,
  },
  540: {
    bytes: 540,
    magicAt: 4,
    magic: 'n+2\0\r\n\x1a\n',
    pair: 'ni2\0\r\n\x1a\n',
    leastOffset: 544,
    dim: 16,
    datatype: 12,
    pixdim: 104,
    voxOffset: 168,
    slope: 176,
    intercept: 184,
    units: 500,
    descrip: 240,
    qformCode: 344,
    sformCode: 348,
    quaternion: 352,
    qoffset: 376,
    srow: 400,
  },
};

/** Bytes of the longer header, NIfTI-2's; NIfTI-1's has 348. */
export const niftiHeaderBytes = layouts[540].bytes;

/** Element types that are read, by their numbers in the standard. */
const types = new Map<number, readonly [name: string, type: ElementType]>([
  [2, ['uint8', elementTypes.uint8]],
  [4, ['int16', elementTypes.int16]],
  [8, ['int32', elementTypes.int32]],
  [16, ['float32', elementTypes.float32]],
  [64, ['float64', elementTypes.float64]],
  [256, ['int8', elementTypes.int8]],
  [512, ['uint16', elementTypes.uint16]],
  [768, ['uint32', elementTypes.uint32]],
  [1024, ['int64', elementTypes.int64]],
  [1280, ['uint64', elementTypes.uint64]],
]);

/** Types of the standard that are not a single number, for errors. */
const refusedTypes = new Map([
  [1, 'single bits'],
  [32, 'complex'],
  [128, 'RGB colour'],
  [1536, 'float128'],
  [1792, 'complex128'],
  [2048, 'complex256'],
  [2304, 'RGBA colour'],
]);

/** The fields of a NIfTI header, checked except for its position in space (see `niftiGrid`). */
export interface NiftiHeader {
  readonly bigEndian: boolean;
  readonly shape: Shape3;
  readonly type: ElementType;
  readonly typeName: string;
  readonly dataBytes: number;
  readonly voxOffset: number;
  readonly slope: number;
  readonly intercept: number;
  /** pixdim[0] to pixdim[3]. */
  readonly pixdim: readonly number[];
  /** Code of the length unit: 0 unknown, 1 metre, 2 mm, 3 micrometre. */
  readonly lengthUnit: number;
  readonly qformCode: number;
  readonly sformCode: number;
  /** b, c, d. */
  readonly quaternion: readonly number[];
  readonly qoffset: readonly number[];
  /** srow_x, srow_y, srow_z, one after another. */
  readonly srow: readonly number[];
  readonly descrip: string;
}

/** @throws NoduleTrainError `nifti-header`, always: what was found in a field and what was expected */
export const refuseNiftiField = (path: string, field: string, found: string, expected: string): never => {
  throw new NoduleTrainError(
    'nifti-header',
    `reading the header ${path}: field ${field} ${found}, expected ${expected}`,
  );
};

/**
 * Parses and checks the first bytes of a file, unpacked.
 * @throws NoduleTrainError `nifti-header` with the field
 */
export const checkNiftiHeader = (path: string, bytes: Buffer): NiftiHeader => {
  const fail = (field: string, found: string, expected: string) => refuseNiftiField(path, field, found, expected);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizes = bytes.length < 4 ? [] : [view.getInt32(0, true), view.getInt32(0)];
  const size = sizes.find((each) => each === 348 || each === 540) as 348 | 540 | undefined;
  if (size === undefined)
    return fail(
      'sizeof_hdr',
      `is ${sizes[0] ?? 'missing'}`,
      '348 (NIfTI-1) or 540 (NIfTI-2). This is not a NIfTI file.',
    );
  const at = layouts[size];
  if (bytes.length < size)
    fail('sizeof_hdr', `is ${size}, but the file has ${bytes.length} bytes`, 'a whole header. Copy the file again.');
  const little = sizes[0] === size;
  const magic = bytes.toString('latin1', at.magicAt, at.magicAt + at.magic.length);
  if (magic === at.pair)
    fail(
      'magic',
      `is ${JSON.stringify(magic.slice(0, 3))}, of a header whose values are in a .img file`,
      '"n+1" or "n+2". Convert it to one .nii file.',
    );
  if (magic !== at.magic)
    fail(
      'magic',
      `is ${JSON.stringify(magic)}`,
      `${JSON.stringify(at.magic.slice(0, 3))}. This is an Analyze file, or not a NIfTI file.`,
    );

  const first = size === 348;
  const int16 = (place: number) => view.getInt16(place, little);
  const real = (place: number, n = 0) =>
    first ? view.getFloat32(place + 4 * n, little) : view.getFloat64(place + 8 * n, little);
  const reals = (place: number, count: number) => Array.from({ length: count }, (_, n) => real(place, n));
  const long = (place: number, n = 0) => Number(view.getBigInt64(place + 8 * n, little));
  const code = (place: number) => (first ? int16(place) : view.getInt32(place, little));

  const dim = Array.from({ length: 8 }, (_, n) => (first ? int16(at.dim + 2 * n) : long(at.dim, n)));
  const axes = dim[0]!;
  if (!(axes >= 3 && axes <= 7))
    fail('dim[0]', `is ${axes}`, `3, as a scan has three axes${axes === 2 ? '. This is a single picture.' : ''}`);
  const lengths = dim.slice(1, axes + 1);
  if (!lengths.every((length) => Number.isSafeInteger(length) && length > 0))
    fail('dim', `is ${lengths.join(' ')}`, 'lengths above 0');
  // The fifth axis is for the parts of a vector.
  if (lengths.slice(4).some((length) => length > 1))
    fail('dim', `is ${lengths.join(' ')}: vectors or colours`, '1 value per voxel, as a scan has');
  if (lengths.slice(3).some((length) => length > 1))
    fail('dim', `is ${lengths.join(' ')}: several volumes in one file`, 'one volume. Split the file.');
  const shape = lengths.slice(0, 3).toReversed() as unknown as Shape3;

  const number = int16(at.datatype);
  const [typeName, type] =
    types.get(number) ??
    fail(
      'datatype',
      `is ${number}${refusedTypes.has(number) ? ` (${refusedTypes.get(number)})` : ''}`,
      `one of ${[...types].map(([value, [name]]) => `${value} (${name})`).join(', ')}`,
    );
  const dataBytes = voxelCount(shape) * type.bytes;
  const voxOffset = first ? real(at.voxOffset) : long(at.voxOffset);
  // float32 cannot hold odd numbers above 2^24, but a header with its extensions is not that long.
  if (!(Number.isSafeInteger(voxOffset) && voxOffset >= at.leastOffset && voxOffset <= 2 ** 30))
    fail('vox_offset', `is ${voxOffset}`, `a whole number of bytes from ${at.leastOffset}`);
  if (!(dataBytes + voxOffset <= constants.MAX_LENGTH))
    fail('dim', `is ${lengths.join(' ')}, ${dataBytes} bytes of ${typeName}`, `at most ${constants.MAX_LENGTH} bytes`);

  const [slope, intercept] = [real(at.slope), real(at.intercept)];
  // A slope of 0 means "not scaled" in the standard; nibabel writes NaN for it.
  const scaled = Number.isFinite(slope) && slope !== 0;
  if (scaled && !Number.isFinite(intercept)) fail('scl_inter', `is ${intercept}, with scl_slope ${slope}`, 'a number');
  return {
    bigEndian: !little,
    shape,
    type,
    typeName,
    dataBytes,
    voxOffset,
    slope: scaled ? slope : 1,
    intercept: scaled ? intercept : 0,
    pixdim: reals(at.pixdim, 4),
    lengthUnit: (first ? view.getUint8(at.units) : view.getInt32(at.units, little)) & 7,
    qformCode: code(at.qformCode),
    sformCode: code(at.sformCode),
    quaternion: reals(at.quaternion, 3),
    qoffset: reals(at.qoffset, 3),
    srow: reals(at.srow, 12),
    descrip: bytes.toString('latin1', at.descrip, at.descrip + 80).replace(/\0.*$/s, ''),
  };
};
