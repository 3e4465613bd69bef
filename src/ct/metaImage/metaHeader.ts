import { constants } from 'node:buffer';
import { NoduleTrainError, quoted } from '../../runtime/index.js';
import { transpose } from '../grid/matrix3.js';
import {
  type Geometry,
  identityDirection,
  type Matrix3,
  type Shape3,
  type Vector3,
  voxelCount,
} from '../grid/volume.js';
import { type ElementType, elementTypes } from '../imageFile/elementType.js';
import { siblingFile } from '../imageFile/siblingFile.js';

/** The fields of a MetaImage header, checked. */
export interface MetaHeader extends Geometry {
  /** The field that `direction` was read from. */
  readonly directionField: string;
  readonly elementType: string;
  readonly bigEndian: boolean;
  readonly compressed: boolean;
  readonly compressedSize: number | null;
  /** Offset of the values in the data file; -1: they are its last bytes. */
  readonly headerSize: number;
  /** Path relative to the header's folder; null: the values follow the header (LOCAL). */
  readonly dataFile: string | null;
  /** Bytes of the unpacked values. */
  readonly dataBytes: number;
  readonly modality: string | null;
}

/**
 * Element types by their MetaImage names. MET_LONG has four bytes in files on every platform; eight are MET_LONG_LONG.
 */
export const metaTypes: ReadonlyMap<string, ElementType> = new Map([
  ['MET_CHAR', elementTypes.int8],
  ['MET_UCHAR', elementTypes.uint8],
  ['MET_SHORT', elementTypes.int16],
  ['MET_USHORT', elementTypes.uint16],
  ['MET_INT', elementTypes.int32],
  ['MET_UINT', elementTypes.uint32],
  ['MET_LONG', elementTypes.int32],
  ['MET_ULONG', elementTypes.uint32],
  ['MET_LONG_LONG', elementTypes.int64],
  ['MET_ULONG_LONG', elementTypes.uint64],
  ['MET_FLOAT', elementTypes.float32],
  ['MET_DOUBLE', elementTypes.float64],
]);

/**
 * Checks the fields of a header; errors name `path`.
 * @throws NoduleTrainError `metaimage-header` with the field
 */
export const checkMetaHeader = (path: string, fields: ReadonlyMap<string, string>): MetaHeader => {
  const fail = (field: string, found: string, expected: string): never => {
    throw new NoduleTrainError(
      'metaimage-header',
      `reading the header ${path}: field ${field} ${found}, expected ${expected}`,
    );
  };
  const first = (...names: string[]): [name: string, value: string | undefined] => {
    const name = names.find((candidate) => fields.has(candidate)) ?? names[0]!;
    return [name, fields.get(name)];
  };
  const numbers = ([name, text]: [string, string | undefined], count: number): number[] | null => {
    if (text === undefined) return null;
    const values = text.split(/\s+/).map((word) => (word === '' ? Number.NaN : Number(word)));
    if (values.length !== count || !values.every(Number.isFinite))
      fail(name, `is ${quoted(text)}`, `${count} number${count === 1 ? '' : 's'}`);
    return values;
  };
  const whole = (name: string, least: number): number | null => {
    const value = numbers(first(name), 1)?.[0];
    if (value === undefined) return null;
    if (!Number.isSafeInteger(value) || value < least)
      fail(name, `is ${quoted(fields.get(name)!)}`, `a whole number from ${least}`);
    return value;
  };
  const flag = (name: string, fallback: boolean): boolean => {
    const text = fields.get(name)?.toLowerCase();
    if (text === undefined) return fallback;
    if (!/^(true|false|t|f|1|0)$/.test(text)) fail(name, `is ${quoted(fields.get(name)!)}`, 'True or False');
    return text.startsWith('t') || text === '1';
  };

  if (!fields.has('DimSize')) fail('DimSize', 'is missing', 'the number of columns, rows and slices');
  const dimensions = whole('NDims', 1);
  if (dimensions !== 3)
    fail('NDims', dimensions === null ? 'is missing' : `is ${dimensions}`, '3, as a scan has three axes');
  const size = numbers(first('DimSize'), 3)!;
  if (!size.every((length) => Number.isSafeInteger(length) && length > 0)) {
    fail('DimSize', `is ${quoted(fields.get('DimSize')!)}`, 'three whole numbers above 0');
  }
  const shape = size.toReversed() as unknown as Shape3;

  if (!flag('BinaryData', true)) fail('BinaryData', 'is False', 'True, as values written as text are not read');
  const channels = whole('ElementNumberOfChannels', 1) ?? 1;
  if (channels !== 1) fail('ElementNumberOfChannels', `is ${channels}`, '1 value per voxel');
  const elementType = fields.get('ElementType');
  const type = metaTypes.get(elementType ?? '');
  if (elementType === undefined || type === undefined) {
    return fail(
      'ElementType',
      elementType === undefined ? 'is missing' : `is ${quoted(elementType)}`,
      `one of ${[...metaTypes.keys()].join(', ')}`,
    );
  }
  const dataBytes = voxelCount(shape) * type.bytes;
  if (!(dataBytes <= constants.MAX_LENGTH)) {
    fail(
      'DimSize',
      `is ${quoted(fields.get('DimSize')!)}, ${dataBytes} bytes of ${elementType}`,
      `at most ${constants.MAX_LENGTH} bytes`,
    );
  }

  const [spacingName, spacingText] = first('ElementSpacing', 'ElementSize');
  const spacing = numbers([spacingName, spacingText], 3) as Vector3 | null;
  if (spacing?.some((distance) => distance <= 0))
    fail(spacingName, `is ${quoted(spacingText!)}`, 'three distances above 0 mm');
  const origin = numbers(first('Offset', 'Origin', 'Position'), 3) as Vector3 | null;
  const [directionField, directionText] = first('TransformMatrix', 'Rotation', 'Orientation');
  const entries = numbers([directionField, directionText], 9);
  // The file lists the axes one after another; they are the columns of the matrix.
  const direction = entries
    ? transpose([entries.slice(0, 3), entries.slice(3, 6), entries.slice(6)] as unknown as Matrix3)
    : identityDirection;

  const headerSize = whole('HeaderSize', -1) ?? 0;
  const compressed = flag('CompressedData', false);
  if (compressed && headerSize === -1)
    fail('HeaderSize', 'is -1', 'an offset, as the length of compressed data is unknown');
  return {
    shape,
    spacing,
    origin: origin ?? [0, 0, 0],
    direction,
    directionField,
    elementType,
    bigEndian: flag('BinaryDataByteOrderMSB', flag('ElementByteOrderMSB', false)),
    compressed,
    compressedSize: whole('CompressedDataSize', 0),
    headerSize,
    dataFile: dataFileOf(fields.get('ElementDataFile')!, fail),
    dataBytes,
    modality: fields.get('Modality') ?? null,
  };
};

const dataFileOf = (name: string, fail: (field: string, found: string, expected: string) => never): string | null => {
  if (name === 'LOCAL' || name === 'local') return null;
  if (name === '' || name === 'LIST' || name.startsWith('LIST ') || name.includes('%')) {
    return fail(
      'ElementDataFile',
      `is ${quoted(name)}`,
      'LOCAL or the name of one file. A scan in several files is not read.',
    );
  }
  return siblingFile(name) ?? fail('ElementDataFile', `is ${quoted(name)}`, "a file in the header's own folder");
};
