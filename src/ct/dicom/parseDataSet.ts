import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet } from 'dicom-parser';
import { dictionary } from './dictionary.js';
import { findTransferSyntax, type TransferSyntax } from './transferSyntax.js';

/** The tags of a file up to its pixels. */
export interface ParsedDataSet {
  readonly dataSet: DataSet;
  readonly syntax: TransferSyntax;
  /** The unpacked data set of a deflated file. */
  readonly inflated: Buffer | null;
  /** What of the file contradicts itself and how it is read, each as "its …". */
  readonly repairs: readonly string[];
}

/** Limit on one deflated file, unpacked. */
const mostInflatedBytes = 1 << 28;

export const pixelData = `x${dictionary.PixelData[0]}`;
const undefinedLength = 0xffffffff;

/** Bytes that `startsLikeDicom` needs: a preamble, or the first elements of a data set without one. */
export const startBytes = 1 << 11;

/** All value representations (PS3.5 section 6.2). */
const representations = new Set(
  'AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV'.split(' '),
);

/** How the elements of a data set are written. */
interface Encoding {
  readonly implicit: boolean;
  readonly bigEndian: boolean;
}

const implicitLittle: Encoding = { implicit: true, bigEndian: false };
const explicitLittle: Encoding = { implicit: false, bigEndian: false };

/** Whether the bytes begin as a DICOM file does, with or without a preamble and a file header. */
export const isDicomStart = (start: Buffer): boolean => findHeader(start) !== null;

/**
 * Finds the first element. Null where the bytes are not DICOM: without "DICM" after a preamble, or at the start, they
 * must begin with two elements of a file header or of the identification group (0008), as in old archives.
 */
const findHeader = (start: Buffer): number | null => {
  if (start.toString('latin1', 128, 132) === 'DICM') return 132;
  if (start.toString('latin1', 0, 4) === 'DICM' && isFirstPair(start, 4)) return 4;
  return isFirstPair(start, 0) ? 0 : null;
};

/** Bytes of the longest value of a first element; ImageType and the like are far shorter. */
const mostFirstBytes = 1024;

const isFirstPair = (bytes: Buffer, at: number): boolean => {
  const encoding = guessEncoding(bytes, at);
  if (encoding === null) return false;
  const first = readHead(bytes, at, encoding);
  if (first === null || first.length > mostFirstBytes || !isFirstGroup(first)) return false;
  const second = readHead(bytes, first.end, first.group === 2 ? explicitLittle : encoding);
  if (second === null) return false;
  const follows = second.group > first.group || (second.group === first.group && second.element > first.element);
  return follows && second.group <= 0x28;
};

const isFirstGroup = ({ group, element }: Head): boolean =>
  (group === 2 && element <= 0x10) || (group === 8 && element <= 0x60);

/** The encoding of the element at `at`, by its bytes; null where they are not an element. */
const guessEncoding = (bytes: Buffer, at: number): Encoding | null => {
  if (at + 8 > bytes.length) return null;
  const [little, big] = [bytes.readUInt16LE(at), bytes.readUInt16BE(at)];
  const bigEndian = big < little;
  const implicit = !representations.has(bytes.toString('latin1', at + 4, at + 6));
  // Data sets begin with groups 2 to 10 (hexadecimal); there is no implicit big-endian syntax.
  return Math.min(little, big) > 0x10 || Math.min(little, big) === 0 || (bigEndian && implicit)
    ? null
    : { implicit, bigEndian };
};

interface Head {
  readonly group: number;
  readonly element: number;
  /** Offset and length of the value. */
  readonly value: number;
  readonly length: number;
  readonly end: number;
}

/** Reads the head of an element; null beyond the end of the bytes. */
const readHead = (bytes: Buffer, at: number, { implicit, bigEndian }: Encoding): Head | null => {
  if (at + 12 > bytes.length) return null;
  const short = (from: number): number => (bigEndian ? bytes.readUInt16BE(from) : bytes.readUInt16LE(from));
  const long = (from: number): number => (bigEndian ? bytes.readUInt32BE(from) : bytes.readUInt32LE(from));
  const vr = bytes.toString('latin1', at + 4, at + 6);
  const isLong = /^(O[BDFLVW]|SQ|SV|UC|UN|UR|UT|UV)$/.test(vr);
  if (!implicit && !representations.has(vr)) return null;
  const [value, length] = implicit
    ? [at + 8, long(at + 4)]
    : isLong
      ? [at + 12, long(at + 8)]
      : [at + 8, short(at + 6)];
  return { group: short(at), element: short(at + 2), value, length, end: value + length };
};

/**
 * Reads the transfer syntax of the file header and the position after it. The header is explicit VR, but some writers
 * encode it as the data set.
 */
const readFileHeader = (bytes: Buffer, from: number): { at: number; declared: string | null; isBare: boolean } => {
  let declared: string | null = null;
  let at = from;
  for (;;) {
    if (at + 8 > bytes.length || bytes.readUInt16LE(at) !== 2) break;
    const implicit = !representations.has(bytes.toString('latin1', at + 4, at + 6));
    const head = readHead(bytes, at, implicit ? implicitLittle : explicitLittle);
    if (head === null || head.end > bytes.length) throw new Error('its file header runs beyond the end');
    if (head.element === 0x10)
      declared = bytes.toString('latin1', head.value, head.end).replace(/^[\0 ]+|[\0 ]+$/g, '');
    at = head.end;
  }
  return { at, declared, isBare: at === from };
};

/** dicom-parser 1.8 reads the length of these VRs from two bytes of the four, so it is given one that it knows. */
const unknownToParser = new Set(['OV', 'SV', 'UV']);

class ElementStream extends dicomParser.ByteStream {
  constructor(bytes: Buffer, at: number, bigEndian: boolean) {
    super(bigEndian ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser, bytes, at);
    const read = this.readFixedString.bind(this);
    this.readFixedString = (length) => {
      const text = read(length);
      return length === 2 && unknownToParser.has(text) ? 'UN' : text;
    };
  }
}

const parseElements = (bytes: Buffer, at: number, { implicit, bigEndian }: Encoding): DataSet => {
  const stream = new ElementStream(bytes, at, bigEndian);
  // The types of dicom-parser do not have this class.
  const { DataSet: Class } = dicomParser as unknown as {
    DataSet: new (parser: unknown, bytes: Buffer, elements: object) => DataSet;
  };
  const dataSet = new Class(stream.byteArrayParser, bytes, {});
  const parse = implicit ? dicomParser.parseDicomDataSetImplicit : dicomParser.parseDicomDataSetExplicit;
  parse(dataSet, stream, bytes.length, { untilTag: pixelData });
  return dataSet;
};

const syntaxOf = ({ implicit, bigEndian }: Encoding): TransferSyntax =>
  findTransferSyntax(implicit ? '1.2.840.10008.1.2' : bigEndian ? '1.2.840.10008.1.2.2' : '1.2.840.10008.1.2.1');

const encodingOf = ({ uid, bigEndian }: TransferSyntax): Encoding => ({
  implicit: uid === '1.2.840.10008.1.2',
  bigEndian,
});

const deflatedSyntax = findTransferSyntax('1.2.840.10008.1.2.1.99');

const same = (a: Encoding, b: Encoding): boolean => a.implicit === b.implicit && a.bigEndian === b.bigEndian;

/**
 * Parses the tags of a file up to its pixels. The encoding of the data set is the one of its bytes, where the transfer
 * syntax is missing or contradicts them. Null where the bytes are not DICOM; 'more' where they end before the pixels
 * and the file has more (`isPart`).
 * @throws what dicom-parser or zlib throw, or an Error, if the tags cannot be read
 */
export const parseDataSet = (bytes: Buffer, isPart: boolean): ParsedDataSet | null | 'more' => {
  const start = findHeader(bytes);
  if (start === null) return null;
  try {
    const parsed = parseFrom(bytes, start, isPart);
    return isPart && (parsed === null || parsed.dataSet.elements[pixelData] === undefined) ? 'more' : parsed;
  } catch (cause) {
    if (isPart) return 'more';
    throw cause;
  }
};

const parseFrom = (bytes: Buffer, start: number, isPart: boolean): ParsedDataSet | null => {
  const { at, declared, isBare } = readFileHeader(bytes, start);
  const known = declared !== null && /^[\d.]{1,64}$/.test(declared) ? findTransferSyntax(declared) : null;
  if (at >= bytes.length && !isPart) throw new Error('it has no data set');
  const guessed = guessEncoding(bytes, at);
  if (known?.deflated === true || guessed === null) {
    // A truncated data set cannot be unpacked: the whole file is read first.
    if (isPart) return null;
    const inflated = inflate(bytes, at, known?.deflated === true && guessed === null);
    if (inflated !== null) {
      const repairs = known?.deflated ? [] : [contradiction(known, declared, 'deflated')];
      return { dataSet: parseElements(inflated, 0, explicitLittle), syntax: deflatedSyntax, inflated, repairs };
    }
  }
  const expected = known === null || known.deflated ? null : encodingOf(known);
  const likely = guessed ?? expected ?? explicitLittle;
  const { dataSet, encoding } = parseEither(bytes, at, likely, isPart);
  const repairs =
    expected !== null && same(expected, encoding) ? [] : [contradiction(known, declared, nameOf(encoding))];
  const plain = {
    dataSet,
    syntax: known?.compressed ? known : syntaxOf(encoding),
    inflated: null,
    repairs: isBare ? [] : repairs,
  };
  return known?.compressed && isNative(known, bytes, dataSet)
    ? {
        ...plain,
        syntax: syntaxOf(encoding),
        repairs: [...plain.repairs, `its transfer syntax is ${known.name}, but its pixels are not compressed`],
      }
    : plain;
};

const nameOf = ({ implicit, bigEndian }: Encoding): string =>
  `${implicit ? 'implicit' : 'explicit'} VR ${bigEndian ? 'big' : 'little'} endian`;

const contradiction = (known: TransferSyntax | null, declared: string | null, found: string): string => {
  const stated =
    known !== null
      ? `its transfer syntax is ${known.name}`
      : declared === null || declared === ''
        ? 'its transfer syntax is missing'
        : 'its transfer syntax is not a UID';
  return `${stated}, and its data set is read as ${found}`;
};

/** The unpacked data set; null where it does not unpack and need not. */
const inflate = (bytes: Buffer, at: number, must: boolean): Buffer | null => {
  try {
    return inflateRawSync(bytes.subarray(at), { maxOutputLength: mostInflatedBytes });
  } catch (cause) {
    if (must) throw cause;
    return null;
  }
};

/** Parses in the likely encoding; where that fails, with VRs instead of without, or the other way round. */
const parseEither = (
  bytes: Buffer,
  at: number,
  likely: Encoding,
  isPart: boolean,
): { readonly dataSet: DataSet; readonly encoding: Encoding } => {
  try {
    return { dataSet: parseElements(bytes, at, likely), encoding: likely };
  } catch (cause) {
    if (isPart || likely.bigEndian) throw cause;
    const other = { ...likely, implicit: !likely.implicit };
    try {
      const dataSet = parseElements(bytes, at, other);
      // Other bytes may happen to parse; an image has its size before its pixels.
      if (dataSet.elements[pixelData] !== undefined && dataSet.elements.x00280010 !== undefined)
        return { dataSet, encoding: other };
    } catch {}
    throw cause;
  }
};

/** Whether a file of a known compression has its pixels uncompressed: of a length, and not as items. */
const isNative = (known: TransferSyntax, bytes: Buffer, dataSet: DataSet): boolean => {
  const element = dataSet.elements[pixelData];
  if (element === undefined || element.length === undefinedLength || element.length === 0) return false;
  if (known.name.startsWith('transfer syntax')) return false;
  // Single bits are those of a segmentation, whose reader has its own rule.
  if (dataSet.uint16('x00280100') === 1) return false;
  const at = element.dataOffset;
  return at + 4 <= bytes.length && bytes.readUInt32LE(at) !== 0xe000fffe;
};
