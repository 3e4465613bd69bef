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
import { checkDataFileName } from '../imageFile/dataFileName.js';
import { type ElementType, elementTypes } from '../imageFile/elementType.js';
import { isOrientation, orientationOf } from './anatomicalOrientation.js';

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
  /** What the user should know, one sentence each. */
  readonly notes: readonly string[];
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

/** Axes beyond the third are of length 1. */
const mostDimensions = 8;

/** Numbers that programs write with six digits are equal. */
const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(a), Math.abs(b));

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
  const dimensions = whole('NDims', 1) ?? fail('NDims', 'is missing', '3, as a scan has three axes');
  if (dimensions < 3 || dimensions > mostDimensions)
    fail(
      'NDims',
      `is ${dimensions}`,
      `3, as a scan has three axes${dimensions === 2 ? '. This is a single picture.' : ''}`,
    );
  const size = numbers(first('DimSize'), dimensions)!;
  if (!size.every((length) => Number.isSafeInteger(length) && length > 0)) {
    fail('DimSize', `is ${quoted(fields.get('DimSize')!)}`, 'whole numbers above 0');
  }
  // Programs for series of volumes write a fourth axis of length 1.
  if (size.slice(3).some((length) => length > 1))
    fail('DimSize', `is ${quoted(fields.get('DimSize')!)}: several volumes in one file`, 'one volume. Split the file.');
  const shape = size.slice(0, 3).toReversed() as unknown as Shape3;

  if (!flag('BinaryData', true)) fail('BinaryData', 'is False', 'True, as values written as text are not read');
  const channels = whole('ElementNumberOfChannels', 1) ?? 1;
  if (channels !== 1)
    fail('ElementNumberOfChannels', `is ${channels}: vectors or colours`, '1 value per voxel, as a scan has');
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

  const notes: string[] = [];
  /** The first of several names for the same thing, in ITK's order; a note if they contradict each other. */
  const agreed = (names: readonly [string, ...string[]], count: number): [name: string, values: number[] | null] => {
    const given = names.filter((name) => fields.has(name)).map((name) => [name, numbers(first(name), count)!] as const);
    const [used] = given;
    if (used === undefined) return [names[0], null];
    const differs = given.some(([, values]) => values.some((value, n) => !isClose(value, used[1][n]!)));
    if (differs) {
      const list = given.map(([name, values]) => `${name} (${values.join(' ')})`).join(' and ');
      notes.push(`its fields ${list} contradict each other; ${used[0]} is used, as ITK does`);
    }
    return [used[0], used[1]];
  };
  // ElementSize is the extent of a voxel, not the distance to the next one, and need not be the same.
  const [spacingName, spacingText] = first('ElementSpacing', 'ElementSize');
  const spacing = (numbers([spacingName, spacingText], dimensions)?.slice(0, 3) ?? null) as Vector3 | null;
  if (spacing?.some((distance) => distance <= 0))
    fail(spacingName, `is ${quoted(spacingText!)}`, 'three distances above 0 mm');
  const [, offset] = agreed(['Origin', 'Offset', 'Position'], dimensions);
  const [directionField, entries] = agreed(['TransformMatrix', 'Rotation', 'Orientation'], dimensions ** 2);
  // The file lists the axes one after another; they are the columns of the matrix.
  const axes = entries
    ? ([0, 1, 2].map((axis) => entries.slice(axis * dimensions, axis * dimensions + 3)) as unknown as Matrix3)
    : identityDirection;
  const orientation = fields.get('AnatomicalOrientation')?.toUpperCase() ?? '';
  if (isOrientation(orientation) && orientation !== orientationOf(axes))
    notes.push(
      `its AnatomicalOrientation is ${orientation}, but its axes (${entries ? directionField : 'no TransformMatrix'}) ` +
        `are ${orientationOf(axes)}; these are used, as ITK does`,
    );
  const centre = fields.get('CenterOfRotation');
  if (centre !== undefined && /[1-9]/.test(centre))
    notes.push(`its CenterOfRotation (${quoted(centre)}) is ignored, as ITK does`);

  const dataFile = fields.get('ElementDataFile')!;
  const failDataFile = (found: string, expected: string) => fail('ElementDataFile', found, `LOCAL or ${expected}`);
  const headerSize = whole('HeaderSize', -1) ?? 0;
  const compressed = flag('CompressedData', false);
  if (compressed && headerSize === -1)
    fail('HeaderSize', 'is -1', 'an offset, as the length of compressed data is unknown');
  return {
    shape,
    spacing,
    origin: (offset?.slice(0, 3) ?? [0, 0, 0]) as unknown as Vector3,
    direction: transpose(axes),
    directionField,
    elementType,
    bigEndian: flag('BinaryDataByteOrderMSB', flag('ElementByteOrderMSB', false)),
    compressed,
    compressedSize: whole('CompressedDataSize', 0),
    headerSize,
    dataFile: /^(LOCAL|Local|local)$/.test(dataFile) ? null : checkDataFileName(dataFile, failDataFile),
    dataBytes,
    // ITK copies the fields of DICOM with their tags as names.
    modality: fields.get('Modality') ?? fields.get('0008|0060') ?? null,
    notes,
  };
};
