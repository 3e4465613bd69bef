// Writes DICOM files for tests and the bench: plain ones, and whatever a fault wants.
import { deflateRawSync } from 'node:zlib';

export const explicitLittle = '1.2.840.10008.1.2.1';
export const implicitLittle = '1.2.840.10008.1.2';
export const explicitBig = '1.2.840.10008.1.2.2';
export const deflated = '1.2.840.10008.1.2.1.99';

/** @type {Record<string, [tag: number, vr: string]>} */
export const dictionary = {
  ImageType: [0x00080008, 'CS'],
  SOPClassUID: [0x00080016, 'UI'],
  SOPInstanceUID: [0x00080018, 'UI'],
  StudyDate: [0x00080020, 'DA'],
  AccessionNumber: [0x00080050, 'SH'],
  Modality: [0x00080060, 'CS'],
  InstitutionName: [0x00080080, 'LO'],
  ReferringPhysicianName: [0x00080090, 'PN'],
  SeriesDescription: [0x0008103e, 'LO'],
  ReferencedImageSequence: [0x00081140, 'SQ'],
  PatientName: [0x00100010, 'PN'],
  PatientID: [0x00100020, 'LO'],
  PatientBirthDate: [0x00100030, 'DA'],
  SliceThickness: [0x00180050, 'DS'],
  StudyInstanceUID: [0x0020000d, 'UI'],
  SeriesInstanceUID: [0x0020000e, 'UI'],
  InstanceNumber: [0x00200013, 'IS'],
  ImagePositionPatient: [0x00200032, 'DS'],
  ImageOrientationPatient: [0x00200037, 'DS'],
  FrameOfReferenceUID: [0x00200052, 'UI'],
  SamplesPerPixel: [0x00280002, 'US'],
  PhotometricInterpretation: [0x00280004, 'CS'],
  NumberOfFrames: [0x00280008, 'IS'],
  Rows: [0x00280010, 'US'],
  Columns: [0x00280011, 'US'],
  PixelSpacing: [0x00280030, 'DS'],
  BitsAllocated: [0x00280100, 'US'],
  BitsStored: [0x00280101, 'US'],
  HighBit: [0x00280102, 'US'],
  PixelRepresentation: [0x00280103, 'US'],
  PixelPaddingValue: [0x00280120, 'US'],
  RescaleIntercept: [0x00281052, 'DS'],
  RescaleSlope: [0x00281053, 'DS'],
  RescaleType: [0x00281054, 'LO'],
  FloatPixelData: [0x7fe00008, 'OF'],
  PixelData: [0x7fe00010, 'OW'],
};

const longLength = new Set(['OB', 'OW', 'OF', 'OD', 'SQ', 'UN', 'UT']);

/**
 * @typedef {string | number | readonly (string | number)[] | Uint8Array} Value
 *   bytes are written unchanged; those of a sequence are its items
 * @typedef {Record<string, Value | undefined>} Fields
 *   values by keyword, or by `(gggg,eeee) VR` for any other tag; undefined omits the tag
 */

/** @param {string} keyword @returns {[tag: number, vr: string]} */
const tagOf = (keyword) => {
  const other = /^\(([\da-f]{4}),([\da-f]{4})\) (\w\w)$/i.exec(keyword);
  const tag = other
    ? /** @type {[number, string]} */ ([Number.parseInt(other[1] + other[2], 16), other[3]])
    : dictionary[keyword];
  if (tag === undefined) throw new Error(`${keyword} is not in the dictionary of the tests`);
  return tag;
};

/** @param {Value} value @param {string} vr @param {boolean} big */
const valueBytes = (value, vr, big) => {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (vr === 'US' || vr === 'UL') {
    const numbers = [value].flat().map((number) => Number(number) >>> 0);
    const width = vr === 'US' ? 2 : 4;
    const bytes = Buffer.alloc(numbers.length * width);
    numbers.forEach((number, k) => {
      if (big) bytes.writeUIntBE(number % 2 ** (8 * width), k * width, width);
      else bytes.writeUIntLE(number % 2 ** (8 * width), k * width, width);
    });
    return bytes;
  }
  const text = Buffer.from([value].flat().join('\\'), 'latin1');
  return text.length % 2 === 0 ? text : Buffer.concat([text, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
};

/** @param {number} tag @param {string} vr @param {Buffer} bytes @param {{big: boolean, implicit: boolean}} layout */
const elementBytes = (tag, vr, bytes, { big, implicit }) => {
  const long = implicit || longLength.has(vr);
  const head = Buffer.alloc(implicit ? 8 : long ? 12 : 8);
  const write = (/** @type {number} */ value, /** @type {number} */ at, /** @type {number} */ width) =>
    big ? head.writeUIntBE(value, at, width) : head.writeUIntLE(value, at, width);
  write(tag >>> 16, 0, 2);
  write(tag & 0xffff, 2, 2);
  if (!implicit) head.write(vr, 4, 'latin1');
  write(bytes.length, implicit ? 4 : long ? 8 : 6, long ? 4 : 2);
  return Buffer.concat([head, bytes]);
};

/**
 * A data set without its file header, tags in order. Also what stands in an item.
 * @param {Fields} fields @param {string} [syntax]
 */
export const dataSetBytes = (fields, syntax = explicitLittle) => {
  const layout = { big: syntax === explicitBig, implicit: syntax === implicitLittle };
  const elements = Object.entries(fields).flatMap(([keyword, value]) => {
    const [tag, vr] = tagOf(keyword);
    return value === undefined
      ? []
      : [{ tag, bytes: elementBytes(tag, vr, valueBytes(value, vr, layout.big), layout) }];
  });
  return Buffer.concat(elements.sort((a, b) => a.tag - b.tag).map(({ bytes }) => bytes));
};

/**
 * Items of a sequence, little-endian, each with its length or, `open`, ended by a delimiter.
 * @param {readonly Buffer[]} items @param {boolean} [open]
 */
export const itemsBytes = (items, open = false) =>
  Buffer.concat(
    items.flatMap((item) => {
      const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
      head.writeUInt32LE(open ? 0xffffffff : item.length, 4);
      return open ? [head, item, Buffer.from([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0])] : [head, item];
    }),
  );

/**
 * A whole file: preamble, file header, data set.
 * @param {Fields} fields @param {string} [syntax] the transfer syntax' UID
 */
export const dicomBytes = (fields, syntax = explicitLittle) => {
  const layout = { big: false, implicit: false };
  const group = Buffer.concat([
    elementBytes(0x00020001, 'OB', Buffer.from([0, 1]), layout),
    elementBytes(0x00020002, 'UI', valueBytes(fields.SOPClassUID ?? ctImage, 'UI', false), layout),
    elementBytes(0x00020003, 'UI', valueBytes(fields.SOPInstanceUID ?? '1.2.3.0', 'UI', false), layout),
    elementBytes(0x00020010, 'UI', valueBytes(syntax, 'UI', false), layout),
    elementBytes(0x00020012, 'UI', valueBytes('1.2.3.4.5', 'UI', false), layout),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(group.length);
  const dataSet = dataSetBytes(fields, syntax);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    elementBytes(0x00020000, 'UL', length, layout),
    group,
    syntax === deflated ? deflateRawSync(dataSet) : dataSet,
  ]);
};

export const ctImage = '1.2.840.10008.5.1.4.1.1.2';

/** Patient identity that must not appear in any output. */
export const patient = {
  PatientName: 'Planted^Felicitas',
  PatientID: 'PLANTED-77',
  PatientBirthDate: '19310207',
  AccessionNumber: 'ACC-PLANTED',
  InstitutionName: 'Planted General',
  ReferringPhysicianName: 'Planted^Doctor',
  SeriesDescription: 'chest of Felicitas Planted',
};

/**
 * @typedef {object} Stack A volume as a scanner would give it.
 * @property {readonly number[]} shape [slices, rows, columns]
 * @property {readonly number[]} spacing mm, [x, y, z]
 * @property {readonly number[]} origin LPS mm
 * @property {readonly (readonly number[])[]} direction rows of the matrix, its columns are the axes
 * @property {Int16Array | Uint16Array | Uint8Array | Int8Array | Int32Array} stored [slices, rows, columns]
 */

/** DS has 16 characters at most. @param {number} number */
const decimal = (number) => {
  const text = String(number);
  return text.length <= 16 ? text : number.toPrecision(9).slice(0, 16);
};

/** @param {ArrayLike<number> & ArrayBufferView} values @param {string} syntax */
const pixelBytes = (values, syntax) => {
  const bytes = Buffer.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  // Bytes stand in words too (OW).
  if (syntax === explicitBig && values.byteLength <= 2 * values.length) bytes.swap16();
  if (syntax === explicitBig && values.byteLength === 4 * values.length) bytes.swap32();
  return bytes;
};

/**
 * The fields of one slice of a stack, of a CT with intercept -1024; `over` overrides any.
 * @param {Stack} stack @param {number} k @param {Fields} [over] @param {string} [syntax] what the pixels' order follows
 * @returns {Fields}
 */
export const sliceFields = ({ shape, spacing, origin, direction, stored }, k, over = {}, syntax = explicitLittle) => {
  const [, rows, columns] = shape;
  const pixels = stored.subarray(k * rows * columns, (k + 1) * rows * columns);
  const bits = 8 * stored.BYTES_PER_ELEMENT;
  const signed = stored instanceof Int16Array || stored instanceof Int8Array || stored instanceof Int32Array;
  return {
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    SOPClassUID: ctImage,
    SOPInstanceUID: `1.2.3.${k + 1}`,
    StudyDate: '20000101',
    Modality: 'CT',
    ...patient,
    SliceThickness: decimal(spacing[2]),
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.4',
    InstanceNumber: k + 1,
    ImagePositionPatient: origin.map((at, axis) => decimal(at + direction[axis][2] * spacing[2] * k)),
    ImageOrientationPatient: [0, 1].flatMap((axis) => direction.map((row) => decimal(row[axis]))),
    FrameOfReferenceUID: '1.2.3.5',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    PixelSpacing: [decimal(spacing[1]), decimal(spacing[0])],
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: signed ? 1 : 0,
    RescaleIntercept: -1024,
    RescaleSlope: 1,
    PixelData: pixelBytes(pixels, syntax),
    ...over,
  };
};
