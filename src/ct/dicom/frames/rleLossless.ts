import type { PixelFormat } from '../pixelFormat.js';

const headerBytes = 64;

/**
 * Decodes RLE Lossless (PS3.5 annex G): one PackBits segment for each byte of a value, the most significant first.
 * Returns little-endian values, `format.frameBytes` long. Throws an Error that says what is wrong.
 */
export const rleLossless = (stream: Buffer, { rows, columns, bitsAllocated, frameBytes }: PixelFormat): Uint8Array => {
  const planes = bitsAllocated / 8;
  if (stream.length < headerBytes)
    throw new Error(`it has ${stream.length} bytes, expected at least the ${headerBytes} of its header`);
  const count = stream.readUInt32LE(0);
  if (count !== planes)
    throw new Error(`it has ${count} segments, expected ${planes} for ${bitsAllocated} bits per value`);
  const starts = Array.from({ length: planes }, (_, plane) => stream.readUInt32LE(4 + 4 * plane));
  // Two bytes unpack to a run of at most 128 values, which bounds the size of the frame.
  if (64 * (stream.length - headerBytes) < frameBytes)
    throw new Error(`its ${stream.length} bytes cannot hold the frame`);
  const frame = new Uint8Array(frameBytes);
  starts.forEach((start, plane) => {
    const end = starts[plane + 1] ?? stream.length;
    if (start < headerBytes || end < start || end > stream.length)
      throw new Error(`segment ${plane} lies outside the stream`);
    unpack(stream.subarray(start, end), rows * columns, (k, byte) => {
      frame[k * planes + planes - 1 - plane] = byte;
    });
  });
  return frame;
};

const unpack = (packed: Buffer, length: number, put: (k: number, byte: number) => void): void => {
  let done = 0;
  for (let at = 0; done < length; ) {
    const control = packed[at++];
    if (control === undefined) throw new Error(`a segment ends after ${done} of ${length} values`);
    if (control === 128) continue;
    const literal = control < 128;
    const run = literal ? control + 1 : 257 - control;
    if (at + (literal ? run : 1) > packed.length || done + run > length)
      throw new Error('a run goes beyond its segment');
    for (let k = 0; k < run; k++) put(done++, packed[literal ? at + k : at]!);
    at += literal ? run : 1;
  }
};
