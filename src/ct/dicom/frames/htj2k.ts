import type { Codec } from './codec.js';
import { decodeJpeg2000 } from './jpeg2000.js';
import { wasmDecoder } from './wasmDecoder.js';

/** Markers of ITU-T T.800, annex A. */
const startOfTilePart = 0xff90;
const endOfCodestream = 0xffd9;

const decode = wasmDecoder(async () => (await import('@cornerstonejs/codec-openjph/wasmjs')).default, 'HTJ2KDecoder');

/** Decodes High-Throughput JPEG 2000 (ITU-T T.814), lossless or lossy, with OpenJPH. */
export const htj2k: Codec = (stream, format) => {
  checkTileParts(stream);
  return decodeJpeg2000(decode, stream, format);
};

/** Throws an Error unless all tile-parts are complete: OpenJPH decodes a truncated stream silently. */
const checkTileParts = (stream: Buffer): void => {
  // The first marker has no length.
  for (let at = 2; at + 4 <= stream.length; ) {
    const [marker, length] = [stream.readUInt16BE(at), stream.readUInt16BE(at + 2)];
    if (marker === endOfCodestream) return;
    if (marker < 0xff00 || length < 2) throw new Error(`byte ${at} is not a marker`);
    if (marker !== startOfTilePart) {
      at += 2 + length;
      continue;
    }
    if (at + 12 > stream.length) break;
    const partLength = stream.readUInt32BE(at + 6);
    // The length 0 is that of the last part, which ends at the end marker.
    if (partLength === 0) {
      const end = stream.lastIndexOf(Buffer.from([0xff, 0xd9]));
      if (end > at + 12 && stream.length - end <= 3) return;
      break;
    }
    if (partLength < 14) throw new Error(`a tile-part has a length of ${partLength}`);
    at += partLength;
    // The end marker may be the last two bytes.
    if (at + 2 <= stream.length && stream.readUInt16BE(at) === endOfCodestream) return;
  }
  throw new Error('it is truncated');
};
