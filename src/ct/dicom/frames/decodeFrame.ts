import { type FileHandle, open } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import { NoduleTrainError } from '../../../runtime/index.js';
import { readFully } from '../../imageFile/readFully.js';
import type { PixelFormat } from '../pixelFormat.js';
import type { PixelBytes } from '../readDicomFile.js';
import type { Slice } from '../slice.js';
import type { Codec, Samples } from './codec.js';
import { frameFragments } from './fragments.js';
import { htj2k } from './htj2k.js';
import { jpeg2000 } from './jpeg2000.js';
import { jpegDct } from './jpegDct.js';
import { jpegLossless } from './jpegLossless.js';
import { jpegLs } from './jpegLs.js';
import { rleLossless } from './rleLossless.js';

/** One compressed frame of a file. */
export type CompressedFrame = Pick<Slice, 'path' | 'name' | 'syntax' | 'pixels' | 'format' | 'frame' | 'frames'>;

/** More pixels than any scanner produces in a slice. Limits the memory that a header can claim for a few bytes. */
export const mostFramePixels = 1 << 26;

const rle = '1.2.840.10008.1.2.5';

/** Deflated Image Frame Compression (Supplement 244), for segmentations: each frame in a DEFLATE stream of its own. */
export const deflatedFrames = '1.2.840.10008.1.2.8.1';

const codecs: ReadonlyMap<string, Codec> = new Map([
  ['1.2.840.10008.1.2.4.50', jpegDct],
  ['1.2.840.10008.1.2.4.51', jpegDct],
  ['1.2.840.10008.1.2.4.57', jpegLossless],
  ['1.2.840.10008.1.2.4.70', jpegLossless],
  ['1.2.840.10008.1.2.4.80', jpegLs],
  ['1.2.840.10008.1.2.4.81', jpegLs],
  ['1.2.840.10008.1.2.4.90', jpeg2000],
  ['1.2.840.10008.1.2.4.91', jpeg2000],
  ['1.2.840.10008.1.2.4.201', htj2k],
  ['1.2.840.10008.1.2.4.202', htj2k],
  ['1.2.840.10008.1.2.4.203', htj2k],
]);

/**
 * Decodes a compressed frame to the bytes of an uncompressed little-endian file, `format.frameBytes` of them.
 * @throws NoduleTrainError `dicom-syntax` with the name of a transfer syntax that is not read; `dicom-codec` if the
 * frame is damaged or does not fit the header
 */
export const decodeFrame = async (compressed: CompressedFrame): Promise<Uint8Array> => {
  const { name, syntax, format, frame, frames } = compressed;
  const codec = codecs.get(syntax.uid);
  if (codec === undefined && syntax.uid !== rle && syntax.uid !== deflatedFrames) {
    throw new NoduleTrainError(
      'dicom-syntax',
      `reading ${name}: its pixels are compressed as ${syntax.name}, expected no compression, RLE, JPEG, ` +
        'JPEG-LS or JPEG 2000. Decompress the series first (gdcmconv --raw IN OUT).',
    );
  }
  try {
    if (format.rows * format.columns > mostFramePixels) throw new Error(`it has more than ${mostFramePixels} values`);
    const stream = await readStream(compressed);
    if (syntax.uid === deflatedFrames) return inflated(stream, format);
    return codec === undefined
      ? rleLossless(stream, format)
      : asStored(await codec(stream, format), format, syntax.lossy);
  } catch (cause) {
    throw new NoduleTrainError(
      'dicom-codec',
      `reading ${name}: frame ${frame + 1} of ${frames} does not decode as ${syntax.name}: ` +
        `${(cause as Error).message}, expected a whole frame of ${format.rows} x ${format.columns} values. The ` +
        'file is damaged or truncated: copy it again.',
      { cause },
    );
  }
};

const inflated = (stream: Buffer, { frameBytes }: PixelFormat): Uint8Array => {
  // A padded frame of odd length has one byte more.
  const bytes = inflateRawSync(stream, { maxOutputLength: frameBytes + 1 });
  if (bytes.length < frameBytes) throw new Error(`it inflates to ${bytes.length} of ${frameBytes} bytes`);
  return bytes.subarray(0, frameBytes);
};

/** The positions of the frames of each file, found once for all of them. */
const known = new WeakMap<PixelBytes, ReturnType<typeof frameFragments>>();

const readStream = async ({ path, pixels, frame, frames }: CompressedFrame): Promise<Buffer> => {
  if (pixels.length !== -1 || pixels.inflated !== null) throw new Error('its pixels are not in fragments');
  const file = await open(path, 'r');
  try {
    let fragments = known.get(pixels);
    if (fragments === undefined) {
      fragments = frameFragments(file, pixels.offset, pixels.offset + pixels.available, frames);
      known.set(pixels, fragments);
    }
    const parts = (await fragments)[frame] ?? [];
    return await readFragments(file, parts);
  } finally {
    await file.close();
  }
};

const readFragments = async (
  file: FileHandle,
  parts: readonly { start: number; length: number }[],
): Promise<Buffer> => {
  const stream = Buffer.allocUnsafe(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { start, length } of parts) {
    if (!(await readFully(file, stream.subarray(at, at + length), start)))
      throw new Error('the file became shorter while it was being read');
    at += length;
  }
  return stream;
};

/**
 * Converts values to `bitsAllocated` bits, signed as in the header: an unsigned stream of signed pixels holds them as
 * two's complement in its own number of bits. Lossy values that miss the range of the header's bits by at most 1/16 are
 * clipped to it, as a decoder clips to the bits of the stream. Throws an Error with the first value that does not fit
 * the header's bits.
 */
const asStored = ({ values, precision }: Samples, format: PixelFormat, lossy: boolean): Uint8Array => {
  const { bitsAllocated, bitsStored, highBit, signed, frameBytes } = format;
  if (highBit !== bitsStored - 1)
    throw new Error(`HighBit is ${highBit}, expected ${bitsStored - 1} for ${bitsStored} bits stored`);
  const bytes = Buffer.allocUnsafe(frameBytes);
  const width = bitsAllocated / 8;
  const extend = signed && !(values instanceof Int16Array) ? 32 - precision : 0;
  const [low, high] = signed ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1] : [0, 2 ** bitsStored - 1];
  const slack = lossy ? 2 ** bitsStored / 16 : 0;
  for (let k = 0; k < values.length; k++) {
    let value = (values[k]! << extend) >> extend;
    if (value < low - slack || value > high + slack)
      throw new Error(`value ${k} is ${value}, expected ${low} to ${high} for the header's ${bitsStored} bits`);
    if (slack > 0) value = Math.min(Math.max(value, low), high);
    if (width === 2) {
      bytes[2 * k] = value;
      bytes[2 * k + 1] = value >> 8;
    } else if (width === 1) bytes[k] = value;
    else bytes.writeInt32LE(value, 4 * k);
  }
  return bytes;
};
