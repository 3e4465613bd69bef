import { open } from 'node:fs/promises';
import { NoduleTrainError } from '../../../runtime/index.js';
import { readFully } from '../../imageFile/readFully.js';
import { tagName } from '../dictionary.js';
import { decodeFrame, deflatedFrames } from '../frames/decodeFrame.js';
import type { DicomFile, PixelBytes } from '../readDicomFile.js';
import { required, tagError } from '../tags.js';

/** The pixels of a segmentation. */
export interface SegmentationPixels {
  readonly kind: 'BINARY' | 'FRACTIONAL' | 'LABELMAP';
  /** Gives the mask of a segment in one of its frames, `[rows, columns]`, 0 and 1; null where a LABELMAP has none. */
  readonly unpack: (frame: number, segment: number) => Promise<Uint8Array | null>;
  /** Value of the pixels of a LABELMAP that belong to no segment, null where it states none. */
  readonly background: number | null;
  /** What the user should know, once all frames are unpacked. */
  readonly notes: () => readonly string[];
}

/** A file with the size and number of its frames. */
export interface SegmentationFile {
  readonly file: DicomFile;
  readonly rows: number;
  readonly columns: number;
  /** May be 0, then the file needs no pixels. */
  readonly frames: number;
}

/** What is read: SegmentationType and BitsAllocated (PS3.3 table C.8.20-1). */
const expectedKinds = 'BINARY with 1 bit, FRACTIONAL with 8, or LABELMAP with 8 or 16';

/**
 * Opens the pixels of a DICOM Segmentation. Fractional ones are cut at half of MaximumFractionalValue, which `notes`
 * reports.
 * @throws NoduleTrainError `dicom-seg` for a kind or compression that is not read; `dicom-tag` if the file is too short
 *   or a tag is invalid
 */
export const segmentationPixels = async (segmentation: SegmentationFile): Promise<SegmentationPixels> => {
  const { path, tags, syntax } = segmentation.file;
  const [type, bits] = [tags.texts('SegmentationType')?.[0], tags.whole('BitsAllocated', false)];
  if (syntax.bigEndian) throw refusal(path, `it is ${syntax.name}`, 'a little-endian transfer syntax');
  if (type === 'BINARY' && bits === 1) return binary(segmentation);
  if (type === 'FRACTIONAL' && bits === 8) return fractional(segmentation);
  if (type === 'LABELMAP' && (bits === 8 || bits === 16)) return labelmap(segmentation, bits);
  const known = ['BINARY', 'FRACTIONAL', 'LABELMAP'].find((name) => name === type) ?? 'of another kind';
  throw refusal(path, `it is ${known} with ${bits} bits (${tagName('SegmentationType')})`, expectedKinds);
};

const binary = async (segmentation: SegmentationFile): Promise<SegmentationPixels> => {
  const { file, rows, columns, frames } = segmentation;
  const count = rows * columns;
  const unpacked = (bytes: Uint8Array, from: number): Uint8Array => {
    const mask = new Uint8Array(count);
    for (let k = 0, bit = from; k < count; k++, bit++) mask[k] = (bytes[Math.floor(bit / 8)]! >> (bit & 7)) & 1;
    return mask;
  };
  const shared = { kind: 'BINARY', background: null, notes: (): readonly string[] => [] } as const;
  if (file.syntax.compressed) {
    if (file.syntax.uid !== deflatedFrames)
      throw refusal(file.path, `its bits are compressed as ${file.syntax.name}`, 'an uncompressed SEG');
    const read = await frameBytes(segmentation, 8, Math.ceil(count / 8));
    return { ...shared, unpack: async (frame) => unpacked(await read(frame), 0) };
  }
  const frameLength = Math.ceil(count / 8);
  if (frames > 1 && isPaddedByFrame(file, count, frames)) {
    const bytes = await readPlainBytes(file, frameLength * frames);
    const notes = ['its frames each begin on a whole byte, against the standard, which is taken into account'];
    return { ...shared, notes: () => notes, unpack: async (frame) => unpacked(bytes, 8 * frame * frameLength) };
  }
  // Frames follow each other without padding, so one may begin in the middle of a byte (PS3.5 section 8.1.1).
  const bytes = frames === 0 ? new Uint8Array() : await readPlainBytes(file, Math.ceil((count * frames) / 8));
  return { ...shared, unpack: async (frame) => unpacked(bytes, frame * count) };
};

/** Whether PixelData has just the length of frames that old writers pad to whole bytes one by one. */
const isPaddedByFrame = ({ pixels }: DicomFile, count: number, frames: number): boolean => {
  const even = (length: number): number => length + (length % 2);
  const [padded, packed] = [Math.ceil(count / 8) * frames, Math.ceil((count * frames) / 8)];
  const length = pixels?.length ?? 0;
  return even(packed) !== even(padded) && (length === padded || length === even(padded));
};

const fractional = async (segmentation: SegmentationFile): Promise<SegmentationPixels> => {
  const { path, tags } = segmentation.file;
  const most = required(path, 'MaximumFractionalValue', tags.whole('MaximumFractionalValue', false), '1 to 255');
  if (most < 1 || most > 255) throw tagError(path, 'MaximumFractionalValue', `is ${most}`, '1 to 255');
  const read = await frameBytes(segmentation, 8, segmentation.rows * segmentation.columns);
  let largest = 0;
  return {
    kind: 'FRACTIONAL',
    unpack: async (frame) =>
      (await read(frame)).map((value) => {
        largest = Math.max(largest, value);
        return 2 * value >= most ? 1 : 0;
      }),
    background: null,
    notes: () => [
      `it is fractional: pixels from half of its maximum (${most}) on belong to the segment`,
      ...(largest > 0 && 2 * largest < most
        ? [`none does, as the largest pixel is ${largest}: the mask is empty`]
        : []),
    ],
  };
};

const labelmap = async (segmentation: SegmentationFile, bits: 8 | 16): Promise<SegmentationPixels> => {
  const { file, rows, columns } = segmentation;
  const count = rows * columns;
  const width = bits / 8;
  const read = await frameBytes(segmentation, bits, count * width);
  const unpack = async (frame: number, segment: number): Promise<Uint8Array | null> => {
    const bytes = await read(frame);
    const mask = new Uint8Array(count);
    let found = false;
    for (let k = 0, at = 0; k < count; k++, at += width) {
      if ((width === 1 ? bytes[at]! : bytes[at]! | (bytes[at + 1]! << 8)) !== segment) continue;
      mask[k] = 1;
      found = true;
    }
    return found ? mask : null;
  };
  return { kind: 'LABELMAP', unpack, background: file.tags.whole('PixelPaddingValue', false), notes: () => [] };
};

/** Gives the bytes of one frame as an uncompressed file has them. */
const frameBytes = async (
  { file, rows, columns, frames }: SegmentationFile,
  bits: 8 | 16,
  length: number,
): Promise<(frame: number) => Promise<Uint8Array>> => {
  const { path, syntax, pixels } = file;
  if (frames === 0) return async () => new Uint8Array(length);
  if (syntax.compressed) {
    const stored = { bitsAllocated: bits, bitsStored: bits, highBit: bits - 1, signed: false } as const;
    const format = { rows, columns, ...stored, frameBytes: length };
    return (frame) => decodeFrame({ path, name: path, syntax, pixels: pixels!, format, frame, frames });
  }
  const bytes = await readPlainBytes(file, length * frames);
  return async (frame) => bytes.subarray(frame * length, (frame + 1) * length);
};

/** Reads the uncompressed bytes of PixelData. */
const readPlainBytes = async ({ path, pixels }: DicomFile, length: number): Promise<Uint8Array> => {
  const { offset, available, inflated, length: stated } = pixels as PixelBytes;
  const found = Math.min(stated, available);
  if (found < length) {
    const expected = `${length} for its frames. Copy the file again.`;
    throw tagError(path, 'PixelData', `has ${Math.max(0, found)} bytes`, expected);
  }
  if (inflated !== null) return inflated.subarray(offset, offset + length);
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    if (await readFully(file, bytes, offset)) return bytes;
    throw tagError(path, 'PixelData', 'became shorter while it was being read', 'a whole file');
  } finally {
    await file.close();
  }
};

/** Creates an error `dicom-seg`. */
export const refusal = (path: string, found: string, expected: string): NoduleTrainError =>
  new NoduleTrainError('dicom-seg', `reading the mask ${path}: ${found}, expected ${expected}`);
