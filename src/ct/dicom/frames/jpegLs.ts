import { type Codec, checkStreamSize } from './codec.js';
import { jpegSegments } from './jpegSegments.js';
import { wasmDecoder } from './wasmDecoder.js';

const frameOfJpegLs = 0xfff7;
const endOfImage = 0xffd9;

const decode = wasmDecoder(
  async () => (await import('@cornerstonejs/codec-charls/decodewasmjs')).default,
  'JpegLSDecoder',
);

/** Decodes JPEG-LS (ITU-T T.87), lossless or near-lossless, with CharLS. */
export const jpegLs: Codec = async (padded, format) => {
  const stream = upToEnd(padded);
  for (const { marker, at, end } of jpegSegments(stream)) {
    if (marker !== frameOfJpegLs || end - at < 6) continue;
    const precision = stream[at]!;
    const [rows, columns] = [stream.readUInt16BE(at + 1), stream.readUInt16BE(at + 3)];
    checkStreamSize(format, { rows, columns, precision, components: stream[at + 5]! });
    const bytes = await decode(stream, rows * columns * (precision > 8 ? 2 : 1));
    return { values: precision > 8 ? new Uint16Array(bytes.buffer) : bytes, precision };
  }
  throw new Error('it is not a JPEG-LS image');
};

/**
 * Removes the padding to an even length. Refuses a stream without its end marker, as CharLS would search it for half a
 * minute.
 */
const upToEnd = (stream: Buffer): Buffer => {
  let end = stream.length;
  while (end > 0 && stream[end - 1] === 0) end--;
  if (end < 2 || stream.readUInt16BE(end - 2) !== endOfImage) throw new Error('it is truncated');
  return stream.subarray(0, end);
};
