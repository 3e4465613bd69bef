import type { PixelFormat } from '../pixelFormat.js';
import { type Codec, checkStreamSize, type Samples } from './codec.js';
import { type StreamDecoder, wasmDecoder } from './wasmDecoder.js';

/** Markers that start the codestream and the size segment (ITU-T T.800, annex A). */
const start = 0xff4fff51;

/** Each tile takes some kilobytes in OpenJPEG, whatever its size; a slice of 512 × 512 is usually one tile. */
const mostTiles = 4096;

const decode = wasmDecoder(
  async () => (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default,
  'J2KDecoder',
);

/** Decodes JPEG 2000 (ITU-T T.800), lossless or lossy, with OpenJPEG. */
export const jpeg2000: Codec = (stream, format) => decodeJpeg2000(decode, stream, format);

/** Checks a JPEG 2000 codestream, of either block coder, and decodes it with `decode`. */
export const decodeJpeg2000 = async (decode: StreamDecoder, stream: Buffer, format: PixelFormat): Promise<Samples> => {
  if (stream.length < 43 || stream.readUInt32BE(0) !== start)
    throw new Error('it does not begin as a JPEG 2000 codestream');
  const [right, bottom, left, top, tileWidth, tileHeight] = [8, 12, 16, 20, 24, 28].map((at) =>
    stream.readUInt32BE(at),
  ) as [number, number, number, number, number, number];
  const [precision, signed] = [(stream[42]! & 0x7f) + 1, stream[42]! >= 0x80];
  checkStreamSize(format, {
    rows: bottom - top,
    columns: right - left,
    precision,
    components: stream.readUInt16BE(40),
  });
  if (Math.ceil(right / tileWidth) * Math.ceil(bottom / tileHeight) > mostTiles)
    throw new Error(`it has more than ${mostTiles} tiles, of ${tileWidth} x ${tileHeight}`);
  const bytes = await decode(stream, format.rows * format.columns * (precision > 8 ? 2 : 1));
  if (precision <= 8) return { values: signed ? Int16Array.from(new Int8Array(bytes.buffer)) : bytes, precision };
  return { values: signed ? new Int16Array(bytes.buffer) : new Uint16Array(bytes.buffer), precision };
};
