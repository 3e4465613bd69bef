import type { PixelFormat } from '../pixelFormat.js';
import type { Slice } from '../slice.js';

/** Pixels as a file may hold them. */
export type Stored = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** The machine's order is little-endian wherever Node runs with prebuilt libtorch; `bytes` are too. */
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array, { bitsAllocated, signed }: PixelFormat): Stored => {
  if (bitsAllocated === 8)
    return signed ? new Int8Array(buffer, byteOffset, byteLength) : new Uint8Array(buffer, byteOffset, byteLength);
  if (bitsAllocated === 16)
    return signed
      ? new Int16Array(buffer, byteOffset, byteLength / 2)
      : new Uint16Array(buffer, byteOffset, byteLength / 2);
  return signed
    ? new Int32Array(buffer, byteOffset, byteLength / 4)
    : new Uint32Array(buffer, byteOffset, byteLength / 4);
};

/** Bits to shift a pixel up by, in 32, so that what lies above its highest bit falls out, and then down so that what lies below does. */
const shifts = ({ bitsStored, highBit }: PixelFormat): [up: number, down: number] => [31 - highBit, 32 - bitsStored];

/** Puts the stored values of a frame into `into`, without the bits that are no part of them and with their sign. */
export const storedInto = (into: Stored | Float64Array, bytes: Uint8Array, format: PixelFormat): void => {
  const from = viewOf(bytes, format);
  const [up, down] = shifts(format);
  if (up === 0 && down === 0) into.set(from);
  else if (format.signed) for (let k = 0; k < into.length; k++) into[k] = (from[k]! << up) >> down;
  else for (let k = 0; k < into.length; k++) into[k] = (from[k]! << up) >>> down;
};

/** Stored pixels that are none, and what they become. */
export interface Padding {
  readonly value: number;
  readonly as: number;
}

/**
 * Puts `stored * slope + intercept` into `into`, which may be the memory of `bytes`, of at most 16 bits; slope and intercept must be whole.
 * With `padding`, pixels of its value are put in as `padding.as` where int16 does not hold what they are worth. Gives how many these are,
 * or null where another value does not fit: then `into` is worth nothing.
 */
export const rescaledInto = (
  into: Int16Array,
  bytes: Uint8Array,
  { format, slope, intercept }: Pick<Slice, 'format' | 'slope' | 'intercept'>,
  padding: Padding | null,
): number | null => {
  const from = viewOf(bytes, format);
  const [up, down] = shifts(format);
  const { signed } = format;
  if (slope === 1 && padding === null && Math.abs(intercept) < 1 << 30)
    return addedInto(into, from, format, intercept) ? 0 : null;
  const worth = padding === null ? 0 : padding.value * slope + intercept;
  const padded = padding !== null && (worth < -32768 || worth > 32767) ? padding : null;
  let min = 32767;
  let max = -32768;
  let count = 0;
  for (let k = 0; k < into.length; k++) {
    const stored = signed ? (from[k]! << up) >> down : (from[k]! << up) >>> down;
    if (padded !== null && stored === padded.value) {
      into[k] = padded.as;
      count++;
      continue;
    }
    const value = stored * slope + intercept;
    if (value < min) min = value;
    if (value > max) max = value;
    into[k] = value;
  }
  return min >= -32768 && max <= 32767 ? count : null;
};

/** The usual case, `stored + intercept` in whole numbers of 32 bits: twice as fast as with a slope. Whether int16 holds every value. */
const addedInto = (into: Int16Array, from: Stored, format: PixelFormat, intercept: number): boolean => {
  const [up, down] = shifts(format);
  // Bits in which a value differs from what 16 bits keep of it.
  let lost = 0;
  if (format.signed) {
    for (let k = 0; k < into.length; k++) {
      const value = (((from[k]! << up) >> down) + intercept) | 0;
      lost |= value ^ ((value << 16) >> 16);
      into[k] = value;
    }
  } else {
    for (let k = 0; k < into.length; k++) {
      const value = (((from[k]! << up) >>> down) + intercept) | 0;
      lost |= value ^ ((value << 16) >> 16);
      into[k] = value;
    }
  }
  return lost === 0;
};
