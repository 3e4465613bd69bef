/** One marker segment of a JPEG stream; its content begins at `at`, after the two bytes of length. */
export interface JpegSegment {
  readonly marker: number;
  readonly at: number;
  readonly end: number;
}

const startOfImage = 0xffd8;
const startOfScan = 0xffda;

/**
 * Iterates the segments of a JPEG or JPEG-LS stream up to and including its first scan header. Throws an Error if it
 * is not such a stream.
 */
export function* jpegSegments(stream: Buffer): Generator<JpegSegment> {
  if (stream.length < 4 || stream.readUInt16BE(0) !== startOfImage)
    throw new Error('it does not begin as a JPEG image');
  for (let at = 2; at + 4 <= stream.length; ) {
    if (stream[at] !== 0xff) throw new Error(`byte ${at} is not a marker`);
    // A marker may be preceded by any number of fill bytes.
    if (stream[at + 1] === 0xff) {
      at++;
      continue;
    }
    const marker = stream.readUInt16BE(at);
    const end = at + 2 + stream.readUInt16BE(at + 2);
    if (end > stream.length || end < at + 4)
      throw new Error(`the segment of marker ${marker.toString(16)} runs beyond its end`);
    yield { marker, at: at + 4, end };
    if (marker === startOfScan) return;
    at = end;
  }
  throw new Error('it ends before its first scan');
}
