import { NoduleTrainError } from '../../../runtime/index.js';
import { type AttributeKeyword, type DataSet, type WrittenVr, writtenAttributes } from './attributes.js';
import { decimalString } from './decimalString.js';
import { extendedText, faultInText, freeText } from './faultInText.js';

/** VRs whose element has 4 bytes of length after 2 reserved ones (PS3.5 table 7.1-1). */
const longLength: ReadonlySet<WrittenVr> = new Set(['OB', 'OW', 'SQ', 'UC', 'UR', 'UT']);

const mostShort = 0xfffe;
const mostLong = 0xfffffffe;

/** Bytes in the order they are written; large values are not copied together. */
export interface Encoded {
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
}

/**
 * Encodes a data set in Explicit VR Little Endian, its elements sorted by tag, sequences and items with their lengths.
 * Text is UTF-8.
 * @throws NoduleTrainError `dicom-write` with the attribute, never its value, where a value violates its VR
 */
export function encodeDataSet(dataSet: DataSet): Encoded {
  const elements = (Object.keys(dataSet) as AttributeKeyword[])
    .filter((keyword) => dataSet[keyword] !== undefined)
    .sort((a, b) => (writtenAttributes[a][0] < writtenAttributes[b][0] ? -1 : 1))
    .map((keyword) => encodeElement(keyword, dataSet));
  return joined(elements);
}

/** Whether a text of the data set or of its items needs more than ASCII, and so SpecificCharacterSet. */
export function needsCharacterSet(dataSet: DataSet): boolean {
  return (Object.entries(dataSet) as [AttributeKeyword, unknown][]).some(([keyword, value]) => {
    const vr: WrittenVr = writtenAttributes[keyword][1];
    if (vr === 'SQ') return ((value ?? []) as readonly DataSet[]).some(needsCharacterSet);
    return extendedText.has(vr) && [value].flat().some((text) => /[^\0-\x7f]/.test((text ?? '') as string));
  });
}

/** Size of the pieces that `merged` makes. */
const PIECE_BYTES = 1 << 20;

/**
 * Copies small chunks together, as each is a call of the operating system when it is written, and a report of a
 * thousand nodules has a million. Large ones, such as pixels, stay as they are.
 */
export function merged(chunks: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let bytes = 0;
  const flush = () => {
    if (small.length > 0) pieces.push(Buffer.concat(small, bytes));
    [small, bytes] = [[], 0];
  };
  for (const chunk of chunks) {
    if (bytes + chunk.length > PIECE_BYTES) flush();
    if (chunk.length > PIECE_BYTES) pieces.push(chunk);
    else {
      small.push(chunk);
      bytes += chunk.length;
    }
  }
  flush();
  return pieces;
}

const joined = (parts: readonly Encoded[]): Encoded => ({
  chunks: parts.flatMap(({ chunks }) => chunks),
  length: parts.reduce((sum, { length }) => sum + length, 0),
});

const encodeElement = (keyword: AttributeKeyword, dataSet: DataSet): Encoded => {
  // 1-bit pixels and bytes are OB, words are OW; both are legal for 8 bits in Explicit VR (PS3.5 section A.2).
  const vr = keyword === 'PixelData' && dataSet.BitsAllocated !== 16 ? 'OB' : writtenAttributes[keyword][1];
  const value = encodeValue(keyword, vr, dataSet[keyword]);
  const long = longLength.has(vr);
  const most = long ? mostLong : mostShort;
  if (value.length > most) throw fault(keyword, `has ${value.length} bytes, expected at most ${most}`);
  // From the pool of small buffers: one of its own would take ten times the memory.
  const head = Buffer.allocUnsafe(long ? 12 : 8);
  if (long) head.writeUInt16LE(0, 6);
  writeTag(head, keyword, 0);
  head.write(vr, 4, 'latin1');
  if (long) head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return { chunks: [head, ...value.chunks], length: head.length + value.length };
};

const writeTag = (bytes: Buffer, keyword: AttributeKeyword, at: number): void => {
  const tag = Number.parseInt(writtenAttributes[keyword][0], 16);
  bytes.writeUInt16LE(tag >>> 16, at);
  bytes.writeUInt16LE(tag & 0xffff, at + 2);
};

const encodeValue = (keyword: AttributeKeyword, vr: WrittenVr, value: unknown): Encoded => {
  if (vr === 'SQ') return joined((value as readonly DataSet[]).map(encodeItem));
  if (vr === 'OB' || vr === 'OW') return encodeBytes(value as Uint8Array | readonly Uint8Array[]);
  const values = freeText.has(vr) ? [value] : [value].flat();
  if (vr in binary) return whole(encodeNumbers(keyword, vr as keyof typeof binary, values as number[]));
  if (vr === 'AT') {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((pointed, k) => {
      writeTag(bytes, pointed as AttributeKeyword, 4 * k);
    });
    return whole(bytes);
  }
  const text = values.map((one) => checkedText(keyword, vr, one as string | number)).join('\\');
  const bytes = Buffer.from(text, 'utf8');
  return whole(bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]));
};

const whole = (bytes: Uint8Array): Encoded => ({ chunks: [bytes], length: bytes.length });

const encodeItem = (item: DataSet): Encoded => {
  const content = encodeDataSet(item);
  const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  head.writeUInt32LE(content.length, 4);
  return { chunks: [head, ...content.chunks], length: 8 + content.length };
};

const encodeBytes = (value: Uint8Array | readonly Uint8Array[]): Encoded => {
  const chunks = value instanceof Uint8Array ? [value] : value;
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return length % 2 === 0 ? { chunks, length } : { chunks: [...chunks, Uint8Array.of(0)], length: length + 1 };
};

interface Binary {
  readonly width: number;
  readonly put: (bytes: Buffer, value: number, at: number) => void;
  readonly fits: (value: number) => boolean;
}

const wholeBelow =
  (limit: number) =>
  (value: number): boolean =>
    Number.isInteger(value) && value >= 0 && value < limit;

const binary: Record<'US' | 'UL' | 'FL' | 'FD', Binary> = {
  US: { width: 2, put: (bytes, value, at) => bytes.writeUInt16LE(value, at), fits: wholeBelow(2 ** 16) },
  UL: { width: 4, put: (bytes, value, at) => bytes.writeUInt32LE(value, at), fits: wholeBelow(2 ** 32) },
  FL: {
    width: 4,
    put: (bytes, value, at) => bytes.writeFloatLE(value, at),
    fits: (value) => Number.isFinite(Math.fround(value)),
  },
  FD: { width: 8, put: (bytes, value, at) => bytes.writeDoubleLE(value, at), fits: Number.isFinite },
};

const encodeNumbers = (keyword: AttributeKeyword, vr: keyof typeof binary, values: readonly number[]): Buffer => {
  const { width, put, fits } = binary[vr];
  const bytes = Buffer.alloc(width * values.length);
  values.forEach((value, k) => {
    if (!fits(value)) throw fault(keyword, `is ${value}, expected a number that ${vr} holds`);
    put(bytes, value, width * k);
  });
  return bytes;
};

const checkedText = (keyword: AttributeKeyword, vr: WrittenVr, value: string | number): string => {
  if (typeof value === 'number' && vr === 'IS' && !Number.isInteger(value))
    throw fault(keyword, `is ${value}, expected a whole number`);
  const text = typeof value === 'string' ? value : vr === 'DS' ? decimalString(value) : String(value);
  const found = faultInText(vr, text);
  if (found !== null) throw fault(keyword, found);
  return text;
};

const fault = (keyword: AttributeKeyword, found: string): NoduleTrainError => {
  const [tag] = writtenAttributes[keyword];
  const name = `${keyword} (${tag.slice(0, 4)},${tag.slice(4)})`;
  return new NoduleTrainError('dicom-write', `writing a DICOM object: ${name} ${found}`);
};
