import { type FileHandle, open } from 'node:fs/promises';
import { NoduleTrainError } from '../../../runtime/index.js';
import type { PixelFormat } from '../pixelFormat.js';
import type { PixelBytes } from '../readDicomFile.js';
import type { TransferSyntax } from '../transferSyntax.js';
import type { Codec, Samples } from './codec.js';
import { frameFragments } from './fragments.js';
import { jpeg2000 } from './jpeg2000.js';
import { jpegLossless } from './jpegLossless.js';
import { jpegLs } from './jpegLs.js';
import { rleLossless } from './rleLossless.js';

/** One compressed frame of a file. */
export interface CompressedFrame {
  readonly path: string;
  /** What errors call the file. */
  readonly name: string;
  readonly syntax: TransferSyntax;
  readonly pixels: PixelBytes;
  readonly format: PixelFormat;
  /** Which of `frames`, from 0. */
  readonly frame: number;
  readonly frames: number;
}

/** No scanner's slice comes near; a header that claims more would have memory taken for a few bytes of stream. */
const mostValues = 1 << 26;

const rle = '1.2.840.10008.1.2.5';

const codecs: ReadonlyMap<string, Codec> = new Map([
  ['1.2.840.10008.1.2.4.57', jpegLossless],
  ['1.2.840.10008.1.2.4.70', jpegLossless],
  ['1.2.840.10008.1.2.4.80', jpegLs],
  ['1.2.840.10008.1.2.4.81', jpegLs],
  ['1.2.840.10008.1.2.4.90', jpeg2000],
  ['1.2.840.10008.1.2.4.91', jpeg2000],
]);

/**
 * The pixels of a compressed frame as an uncompressed little-endian file would hold them, `format.frameBytes` long.
 * Throws 'dicom-syntax' with the name of a syntax that is not read (JPEG Baseline and Extended, which are never lossless, and
 * High-Throughput JPEG 2000 among them), 'dicom-codec' where the frame is damaged or not what the header says.
 */
export const decodeFrame = async (wanted: CompressedFrame): Promise<Uint8Array> => {
  const { name, syntax, format, frame, frames } = wanted;
  const codec = codecs.get(syntax.uid);
  if (codec === undefined && syntax.uid !== rle) {
    throw new NoduleTrainError(
      'dicom-syntax',
      `reading ${name}: its pixels are compressed as ${syntax.name}; wanted is no compression, RLE, JPEG Lossless, JPEG-LS or JPEG 2000: decompress the series first (gdcmconv --raw IN OUT)`,
    );
  }
  try {
    if (format.rows * format.columns > mostValues) throw new Error(`more than ${mostValues} values are not decoded`);
    const stream = await frameStream(wanted);
    return codec === undefined ? rleLossless(stream, format) : asStored(await codec(stream, format), format);
  } catch (cause) {
    throw new NoduleTrainError(
      'dicom-codec',
      `reading ${name}: frame ${frame + 1} of ${frames} does not decode as ${syntax.name}: ${(cause as Error).message}; wanted is a whole frame of ${format.rows} x ${format.columns} values: the file is damaged or cut off, copy it again`,
      { cause },
    );
  }
};

/** Where the frames of a file lie is looked up once for all of them. */
const known = new WeakMap<PixelBytes, ReturnType<typeof frameFragments>>();

const frameStream = async ({ path, pixels, frame, frames }: CompressedFrame): Promise<Buffer> => {
  if (pixels.length !== -1 || pixels.inflated !== null) throw new Error('its pixels are not in fragments');
  const file = await open(path, 'r');
  try {
    let fragments = known.get(pixels);
    if (fragments === undefined) {
      fragments = frameFragments(file, pixels.offset, pixels.offset + pixels.available, frames);
      known.set(pixels, fragments);
    }
    const parts = (await fragments)[frame] ?? [];
    return await bytesOf(file, parts);
  } finally {
    await file.close();
  }
};

const bytesOf = async (file: FileHandle, parts: readonly { start: number; length: number }[]): Promise<Buffer> => {
  const stream = Buffer.allocUnsafe(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { start, length } of parts) {
    const { bytesRead } = await file.read(stream, at, length, start);
    if (bytesRead !== length) throw new Error('the file became shorter while it was read');
    at += length;
  }
  return stream;
};

/**
 * Values in `bitsAllocated` bits, signed as the header says: an unsigned stream of signed pixels holds them as two's complement
 * in its own number of bits. Throws Error with the first value that the header's bits do not hold.
 */
const asStored = ({ values, precision }: Samples, format: PixelFormat): Uint8Array => {
  const { bitsAllocated, bitsStored, highBit, signed, frameBytes } = format;
  if (highBit !== bitsStored - 1) throw new Error(`HighBit is ${highBit} with ${bitsStored} bits stored`);
  const bytes = Buffer.allocUnsafe(frameBytes);
  const width = bitsAllocated / 8;
  const extend = signed && !(values instanceof Int16Array) ? 32 - precision : 0;
  const [low, high] = signed ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1] : [0, 2 ** bitsStored - 1];
  for (let k = 0; k < values.length; k++) {
    const value = (values[k]! << extend) >> extend;
    if (value < low || value > high)
      throw new Error(`value ${k} is ${value}, and the header's ${bitsStored} bits hold ${low} to ${high}`);
    if (width === 2) {
      bytes[2 * k] = value;
      bytes[2 * k + 1] = value >> 8;
    } else if (width === 1) bytes[k] = value;
    else bytes.writeInt32LE(value, 4 * k);
  }
  return bytes;
};
