import { constants } from 'node:buffer';
import { NoduleTrainError, quoted } from '../../runtime/index.js';
import { type Shape3, voxelCount } from '../grid/volume.js';
import { checkDataFileName } from '../imageFile/dataFileName.js';
import { type ElementType, elementTypes } from '../imageFile/elementType.js';

/** Fields (names in lower case) and key/value pairs of a NRRD header, not yet checked. */
export interface NrrdFields {
  readonly fields: ReadonlyMap<string, string>;
  readonly keys: ReadonlyMap<string, string>;
}

/** What a NRRD header says about its values, checked; `nrrdGrid` reads the geometry. */
export interface NrrdHeader {
  readonly shape: Shape3;
  /** Images over each other, in which segments may overlap; 1 in a scan. */
  readonly layers: number;
  /** Axis of the layers among those of `sizes`, 0 or 3; null where there are three axes. */
  readonly layerAxis: 0 | 3 | null;
  readonly typeName: string;
  readonly type: ElementType;
  readonly bigEndian: boolean;
  readonly packed: boolean;
  /** Lines to skip before the values. */
  readonly lineSkip: number;
  /**
   * Bytes to skip after those lines, in the unpacked stream where it is packed; -1: the values are the last bytes of
   * the file.
   */
  readonly byteSkip: number;
  readonly dataBytes: number;
  /** Path relative to the header's folder; null: the values follow the header. */
  readonly dataFile: string | null;
}

/** Element types with every spelling that the format defines (teem.sourceforge.net/nrrd/format.html). */
const spellings: readonly [ElementType, ...string[]][] = [
  [elementTypes.int8, 'signed char', 'int8', 'int8_t'],
  [elementTypes.uint8, 'uchar', 'unsigned char', 'uint8', 'uint8_t'],
  [elementTypes.int16, 'short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t'],
  [elementTypes.uint16, 'ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t'],
  [elementTypes.int32, 'int', 'signed int', 'int32', 'int32_t'],
  [elementTypes.uint32, 'uint', 'unsigned int', 'uint32', 'uint32_t'],
  [
    elementTypes.int64,
    'longlong',
    'long long',
    'long long int',
    'signed long long',
    'signed long long int',
    'int64',
    'int64_t',
  ],
  [elementTypes.uint64, 'ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t'],
  [elementTypes.float32, 'float'],
  [elementTypes.float64, 'double'],
];
const types = new Map(spellings.flatMap(([type, ...names]) => names.map((name) => [name, type] as const)));

/** @throws NoduleTrainError `nrrd-header`, always: what was found in a field and what was expected */
export const refuseNrrdField = (path: string, field: string, found: string, expected: string): never => {
  throw new NoduleTrainError(
    'nrrd-header',
    `reading the header ${path}: field ${field} ${found}, expected ${expected}`,
  );
};

/** The whole numbers of a field; null where it is missing. */
const wholeNumbers = (path: string, { fields }: NrrdFields, field: string): number[] | null => {
  const text = fields.get(field);
  if (text === undefined) return null;
  const words = text.split(/\s+/);
  if (!words.every((word) => /^[+-]?\d{1,15}$/.test(word)))
    refuseNrrdField(path, field, `is ${quoted(text)}`, 'whole numbers');
  return words.map(Number);
};

/**
 * Checks the fields about the values.
 * @throws NoduleTrainError `nrrd-header` with the field
 */
export const checkNrrdHeader = (path: string, header: NrrdFields): NrrdHeader => {
  const { fields } = header;
  const fail = (field: string, found: string, expected: string) => refuseNrrdField(path, field, found, expected);
  const given = (field: string): string =>
    fields.get(field) ?? fail(field, 'is missing', 'a value, as the field is required');
  const one = (field: string, spelling: string, fallback: number, least: number): number => {
    const name = fields.has(field) ? field : spelling;
    const [number, ...more] = wholeNumbers(path, header, name) ?? [fallback];
    if (more.length > 0 || number! < least)
      fail(name, `is ${quoted(fields.get(name)!)}`, `one whole number from ${least}`);
    return number!;
  };

  const { shape, layers, layerAxis } = checkAxes(path, header);

  const typeName = given('type').toLowerCase();
  const type =
    types.get(typeName) ??
    fail('type', `is ${quoted(typeName)}`, `one of ${spellings.map(([, name]) => name).join(', ')}`);
  const dataBytes = voxelCount(shape) * layers * type.bytes;
  const encoding = given('encoding').toLowerCase();
  const packed = /^(gzip|gz)$/.test(encoding);
  if (!packed && encoding !== 'raw')
    fail('encoding', `is ${quoted(encoding)}`, 'raw or gzip. Convert the file: ascii, hex and bzip2 are not read.');
  const endian = fields.get('endian')?.toLowerCase();
  if (endian !== 'little' && endian !== 'big' && (type.bytes > 1 || endian !== undefined))
    fail('endian', endian === undefined ? 'is missing' : `is ${quoted(endian)}`, 'little or big');

  const lineSkip = one('line skip', 'lineskip', 0, 0);
  const byteSkip = one('byte skip', 'byteskip', 0, packed ? 0 : -1);
  if (!(dataBytes + Math.max(0, byteSkip) <= constants.MAX_LENGTH))
    fail(
      'sizes',
      `is ${quoted(fields.get('sizes')!)}, ${dataBytes} bytes of ${typeName}`,
      `at most ${constants.MAX_LENGTH} bytes`,
    );
  const name = fields.get('data file') ?? fields.get('datafile');
  const failDataFile = (found: string, expected: string) => fail('data file', found, expected);
  return {
    shape,
    layers,
    layerAxis,
    typeName,
    type,
    bigEndian: endian === 'big',
    packed,
    lineSkip,
    byteSkip,
    dataBytes,
    dataFile: name === undefined ? null : checkDataFileName(name, failDataFile),
  };
};

/** Kinds of axes along which the values of a voxel are numbered, other than those of layers. */
const vectorKinds = /vector|color|complex|matrix|quaternion|normal|gradient|point/i;

/**
 * The lengths of the three axes of the patient, and of the one of layers: the first (as 3D Slicer writes it) or the
 * last of four. Programs for series of volumes write a fourth axis of length 1.
 */
const checkAxes = (path: string, header: NrrdFields): Pick<NrrdHeader, 'shape' | 'layers' | 'layerAxis'> => {
  const { fields } = header;
  const fail = (field: string, found: string, expected: string) => refuseNrrdField(path, field, found, expected);
  const dimension = fields.get('dimension') ?? fail('dimension', 'is missing', 'a value, as the field is required');
  const expected = '3, as a scan has three axes and one number per voxel';
  if (dimension !== '3' && dimension !== '4') fail('dimension', `is ${quoted(dimension)}`, expected);
  const axes = Number(dimension);
  const sizes = wholeNumbers(path, header, 'sizes') ?? fail('sizes', 'is missing', 'three whole numbers above 0');
  if (sizes.length !== axes || !sizes.every((size) => size > 0))
    fail('sizes', `is ${quoted(fields.get('sizes')!)}`, `${axes === 3 ? 'three' : 'four'} whole numbers above 0`);
  const kinds = fields.get('kinds')?.split(/\s+/) ?? [];
  const isSpatial = (axis: number): boolean => /^(domain|space|none|\?\?\?)$/i.test(kinds[axis] ?? 'domain');
  const directions = fields.get('space directions')?.match(/none|\([^()]*\)/gi) ?? [];
  if (axes === 3) {
    const odd = kinds.find((_, axis) => !isSpatial(axis));
    if (odd !== undefined) fail('kinds', `has the axis ${quoted(odd)}`, 'domain or space for all three');
    return { shape: sizes.toReversed() as unknown as Shape3, layers: 1, layerAxis: null };
  }
  const marked = [0, 3].filter((axis) => !isSpatial(axis) || /^none$/i.test(directions[axis] ?? ''));
  const layerAxis = marked[0] ?? (sizes[3] === 1 || sizes[0] !== 1 ? 3 : 0);
  const layers = sizes[layerAxis]!;
  const kind = kinds[layerAxis] ?? 'none';
  const spatial = [0, 1, 2, 3].filter((axis) => axis !== layerAxis);
  if (layers > 1 && vectorKinds.test(kind))
    fail('kinds', `has the axis ${quoted(kind)} of ${layers}: vectors or colours`, 'one number per voxel');
  if (layers > 1 && marked.length === 0)
    fail('dimension', `is "4", with ${layers} volumes`, `${expected}. Split the file.`);
  const odd = spatial.find((axis) => !isSpatial(axis));
  if (odd !== undefined) fail('kinds', `has the axis ${quoted(kinds[odd]!)}`, 'domain or space for the other three');
  const shape = spatial.map((axis) => sizes[axis]!).toReversed() as unknown as Shape3;
  return { shape, layers, layerAxis: layerAxis === 0 ? 0 : 3 };
};
