import type { PixelFormat } from '../pixelFormat.js';

const headerBytes = 64;

/**
 * RLE Lossless (PS3.5 annex G): one PackBits segment for each byte of a value, the most significant first. Gives the frame as
 * little-endian values, `format.frameBytes` long. Throws Error with what is wrong.
 */
export const rleLossless = (stream: Buffer, { rows, columns, bitsAllocated, frameBytes }: PixelFormat): Uint8Array => {
  const planes = bitsAllocated / 8;
  if (stream.length < headerBytes)
    throw new Error(`it has ${stream.length} bytes, its header alone wants ${headerBytes}`);
  const count = stream.readUInt32LE(0);
  if (count !== planes) throw new Error(`it has ${count} segments, ${bitsAllocated} bits a value want ${planes}`);
  const starts = Array.from({ length: planes }, (_, plane) => stream.readUInt32LE(4 + 4 * plane));
  // A run of two bytes unpacks to 128.
  if (64 * (stream.length - headerBytes) < frameBytes)
    throw new Error(`its ${stream.length} bytes cannot hold as much`);
  const frame = new Uint8Array(frameBytes);
  starts.forEach((start, plane) => {
    const end = starts[plane + 1] ?? stream.length;
    if (start < headerBytes || end < start || end > stream.length)
      throw new Error(`segment ${plane} lies outside of it`);
    unpack(stream.subarray(start, end), rows * columns, (k, byte) => {
      frame[k * planes + planes - 1 - plane] = byte;
    });
  });
  return frame;
};

const unpack = (packed: Buffer, wanted: number, put: (k: number, byte: number) => void): void => {
  let done = 0;
  for (let at = 0; done < wanted; ) {
    const control = packed[at++];
    if (control === undefined) throw new Error(`a segment ends after ${done} of ${wanted} values`);
    if (control === 128) continue;
    const literal = control < 128;
    const length = literal ? control + 1 : 257 - control;
    if (at + (literal ? length : 1) > packed.length || done + length > wanted)
      throw new Error('a run goes beyond its segment');
    for (let k = 0; k < length; k++) put(done++, packed[literal ? at + k : at]!);
    at += literal ? length : 1;
  }
};
