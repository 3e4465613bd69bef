import { type Codec, checkStreamSize } from './codec.js';
import { huffmanReader, readHuffmanTables } from './jpegHuffman.js';
import { jpegSegments } from './jpegSegments.js';

/** Markers of ITU-T T.81, table B.1. */
const lossless = 0xffc3;
const huffmanTables = 0xffc4;
const restartInterval = 0xffdd;
const startOfScan = 0xffda;

interface Scan {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  /** Which neighbours a value is predicted from, 1 to 7 (table H.1). */
  readonly predictor: number;
  /** Bits by which the values were shifted down (Pt). */
  readonly shift: number;
  /** Values between two restart markers; 0 for none. */
  readonly restart: number;
  readonly table: Uint16Array;
  /** Offset of the entropy-coded bytes. */
  readonly begin: number;
}

/** Decodes JPEG Lossless, process 14 of ITU-T T.81 (annex H): Huffman codes of the differences from a prediction. */
export const jpegLossless: Codec = (stream, format) => {
  const scan = readHeaders(stream, (found) => checkStreamSize(format, found));
  return { values: decodeScan(stream, scan), precision: scan.precision };
};

type Found = { rows: number; columns: number; components: number; precision: number };

const readHeaders = (stream: Buffer, check: (found: Found) => void): Scan => {
  const tables = new Map<number, Uint16Array>();
  let frame: Found | null = null;
  let restart = 0;
  for (const { marker, at, end } of jpegSegments(stream)) {
    if (marker === huffmanTables) readHuffmanTables(stream.subarray(at, end), tables);
    else if (marker === restartInterval && end - at >= 2) restart = stream.readUInt16BE(at);
    else if (marker === lossless && end - at >= 6) {
      const [precision, components] = [stream[at]!, stream[at + 5]!];
      frame = { precision, rows: stream.readUInt16BE(at + 1), columns: stream.readUInt16BE(at + 3), components };
      check(frame);
    } else if (marker >= 0xffc0 && marker <= 0xffcf && marker !== 0xffc8 && marker !== 0xffcc)
      throw new Error(
        `it uses another JPEG process (marker ${marker.toString(16)}), expected lossless with Huffman codes`,
      );
    else if (marker === startOfScan) {
      if (frame === null || end - at < 6 || stream[at] !== 1)
        throw new Error('its scan has no frame, or more than one component');
      const [selector, predictor, shift] = [stream[at + 2]! >> 4, stream[at + 3]!, stream[at + 5]! & 15];
      const table = tables.get(selector);
      if (table === undefined) throw new Error(`Huffman table ${selector} is missing`);
      if (predictor < 1 || predictor > 7 || shift >= frame.precision)
        throw new Error(`its predictor is ${predictor} and its shift ${shift}`);
      if (restart % frame.columns !== 0) throw new Error('its restart interval is not a whole number of rows');
      return { ...frame, predictor, shift, restart, table, begin: end };
    }
  }
  throw new Error('it has no scan');
};

const decodeScan = (stream: Buffer, scan: Scan): Uint16Array => {
  const { rows, columns, precision, predictor, shift, restart, table } = scan;
  if (8 * (stream.length - scan.begin) < rows * columns) throw new Error('it is truncated');
  const values = new Uint16Array(rows * columns);
  const first = 1 << (precision - shift - 1);
  const { symbol, signedBits, passRestart, checkEnd } = huffmanReader(stream, scan.begin);
  const difference = (): number => {
    const category = symbol(table);
    if (category > 16) throw new Error('a Huffman table is invalid');
    return category === 16 ? 32768 : signedBits(category);
  };

  let startRow = 0;
  for (let row = 0, k = 0; row < rows; row++) {
    if (restart > 0 && k > 0 && k % restart === 0) {
      passRestart();
      startRow = row;
    }
    checkEnd();
    for (let column = 0; column < columns; column++, k++) {
      let prediction: number;
      if (row === startRow) prediction = column === 0 ? first : values[k - 1]!;
      else if (column === 0) prediction = values[k - columns]!;
      else prediction = predict(predictor, values[k - 1]!, values[k - columns]!, values[k - columns - 1]!);
      values[k] = prediction + difference();
    }
  }
  checkEnd();
  if (shift > 0) for (let k = 0; k < values.length; k++) values[k] = values[k]! << shift;
  return values;
};

/** The prediction from the values to the left (a), above (b) and above left (c), by table H.1. */
const predict = (predictor: number, a: number, b: number, c: number): number => {
  switch (predictor) {
    case 1:
      return a;
    case 2:
      return b;
    case 3:
      return c;
    case 4:
      return a + b - c;
    case 5:
      return a + ((b - c) >> 1);
    case 6:
      return b + ((a - c) >> 1);
    default:
      return (a + b) >> 1;
  }
};
