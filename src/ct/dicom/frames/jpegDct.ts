import { type Codec, checkStreamSize } from './codec.js';
import { inverseDct } from './inverseDct.js';
import { huffmanReader, readHuffmanTables } from './jpegHuffman.js';
import { jpegSegments } from './jpegSegments.js';

/** Markers of ITU-T T.81, table B.1. */
const baseline = 0xffc0;
const extended = 0xffc1;
const huffmanTables = 0xffc4;
const restartInterval = 0xffdd;
const quantizationTables = 0xffdb;
const startOfScan = 0xffda;

interface Frame {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly precision: number;
  /** The number of its quantization table. */
  readonly quantization: number;
}

interface Scan extends Frame {
  /** Blocks between two restart markers; 0 for none. */
  readonly restart: number;
  /** Steps of the 64 coefficients, in zigzag order. */
  readonly steps: Uint16Array;
  readonly dc: Uint16Array;
  readonly ac: Uint16Array;
  /** Offset of the entropy-coded bytes. */
  readonly begin: number;
}

/**
 * Decodes JPEG Baseline and Extended of 8 and 12 bits (ITU-T T.81, annex F, with Huffman codes), which are lossy. The
 * values are those of the accurate integer transform of the IJG library, which GDCM and DCMTK use too.
 */
export const jpegDct: Codec = (stream, format) => {
  const scan = readHeaders(stream, (frame) => checkStreamSize(format, frame));
  return { values: decodeScan(stream, scan), precision: scan.precision };
};

const readHeaders = (stream: Buffer, check: (frame: Frame) => void): Scan => {
  const tables = new Map<number, Uint16Array>();
  const steps = new Map<number, Uint16Array>();
  let frame: Frame | null = null;
  let restart = 0;
  for (const { marker, at, end } of jpegSegments(stream)) {
    if (marker === huffmanTables) readHuffmanTables(stream.subarray(at, end), tables);
    else if (marker === quantizationTables) readSteps(stream.subarray(at, end), steps);
    else if (marker === restartInterval && end - at >= 2) restart = stream.readUInt16BE(at);
    else if ((marker === baseline || marker === extended) && end - at >= 9) {
      const [precision, components, quantization] = [stream[at]!, stream[at + 5]!, stream[at + 8]!];
      const [rows, columns] = [stream.readUInt16BE(at + 1), stream.readUInt16BE(at + 3)];
      frame = { rows, columns, components, precision, quantization };
      check(frame);
      if (precision !== 8 && precision !== 12) throw new Error(`it has ${precision} bits per value, expected 8 or 12`);
    } else if (marker >= 0xffc0 && marker <= 0xffcf && marker !== 0xffc8 && marker !== 0xffcc)
      throw new Error(
        `it uses another JPEG process (marker ${marker.toString(16)}), expected Baseline or Extended with Huffman codes`,
      );
    else if (marker === startOfScan) {
      if (frame === null || end - at < 6 || stream[at] !== 1)
        throw new Error('its scan has no frame, or more than one component');
      const selectors = stream[at + 2]!;
      const [dc, ac] = [tables.get(selectors >> 4), tables.get(16 | (selectors & 15))];
      const quantization = steps.get(frame.quantization);
      if (dc === undefined || ac === undefined || quantization === undefined)
        throw new Error('a table of its scan is missing');
      return { ...frame, restart, steps: quantization, dc, ac, begin: end };
    }
  }
  throw new Error('it has no scan');
};

const readSteps = (content: Buffer, into: Map<number, Uint16Array>): void => {
  for (let at = 0; at < content.length; ) {
    const [wide, number] = [content[at]! >> 4, content[at]! & 15];
    const bytes = wide === 0 ? 64 : 128;
    if (wide > 1 || at + 1 + bytes > content.length) throw new Error('a quantization table is invalid');
    const steps = Uint16Array.from({ length: 64 }, (_, k) =>
      wide === 0 ? content[at + 1 + k]! : content.readUInt16BE(at + 1 + 2 * k),
    );
    into.set(number, steps);
    at += 1 + bytes;
  }
};

/** Where coefficient k of a stream is in a block of 8 × 8: along the diagonals (figure 5). */
const zigzag = Uint8Array.from(
  Array.from({ length: 64 }, (_, place) => place).sort((a, b) => {
    const [sum, other] = [(a >> 3) + (a & 7), (b >> 3) + (b & 7)];
    if (sum !== other) return sum - other;
    return sum % 2 === 0 ? (a & 7) - (b & 7) : (a >> 3) - (b >> 3);
  }),
);

const decodeScan = (stream: Buffer, scan: Scan): Uint8Array | Uint16Array => {
  const { rows, columns, precision, restart, steps, dc, ac } = scan;
  const [down, across] = [Math.ceil(rows / 8), Math.ceil(columns / 8)];
  // A block takes at least two codes of one bit.
  if (4 * (stream.length - scan.begin) < down * across) throw new Error('it is truncated');
  const { symbol, signedBits, passRestart, checkEnd } = huffmanReader(stream, scan.begin);
  const values = precision === 8 ? new Uint8Array(rows * columns) : new Uint16Array(rows * columns);
  const block = new Int32Array(64);
  let mean = 0;
  for (let k = 0; k < down * across; k++) {
    if (restart > 0 && k > 0 && k % restart === 0) {
      passRestart();
      mean = 0;
    }
    block.fill(0);
    const size = symbol(dc);
    if (size > 15) throw new Error('a Huffman table is invalid');
    mean += signedBits(size);
    block[0] = mean * steps[0]!;
    for (let at = 1; at < 64; at++) {
      const code = symbol(ac);
      const bits = code & 15;
      at += code >> 4;
      if (bits === 0) {
        // The block ends, or 16 zeros follow.
        if (code >> 4 !== 15) break;
        continue;
      }
      if (at > 63) throw new Error('a block has more than 64 coefficients');
      block[zigzag[at]!] = signedBits(bits) * steps[at]!;
    }
    if (k % across === across - 1) checkEnd();
    inverseDct(block, precision);
    const [top, left] = [8 * Math.floor(k / across), 8 * (k % across)];
    const [bottom, right] = [Math.min(top + 8, rows), Math.min(left + 8, columns)];
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++)
        values[row * columns + column] = block[8 * (row - top) + column - left]!;
  }
  return values;
};
