import type { PixelFormat } from '../pixelFormat.js';
import type { Slice } from '../slice.js';

/** Pixels in the types that a file may have. */
export type Stored = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** A typed view of `bytes`, which are little-endian, like every machine that prebuilt libtorch runs on. */
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

/**
 * Bits to shift a 32-bit pixel: up, which drops the bits above its high bit, and then down, which drops the bits below
 * the value.
 */
const shifts = ({ bitsStored, highBit }: PixelFormat): [up: number, down: number] => [31 - highBit, 32 - bitsStored];

/** Unpacks the stored values of a frame into `into`: drops the bits that are not part of them and extends the sign. */
export const unpackInto = (into: Stored | Float64Array, bytes: Uint8Array, format: PixelFormat): void => {
  const from = viewOf(bytes, format);
  const [up, down] = shifts(format);
  if (up === 0 && down === 0) into.set(from);
  else if (format.signed) for (let k = 0; k < into.length; k++) into[k] = (from[k]! << up) >> down;
  else for (let k = 0; k < into.length; k++) into[k] = (from[k]! << up) >>> down;
};

/** The stored value of padding pixels, and its replacement. */
export interface Padding {
  readonly value: number;
  readonly as: number;
}

/**
 * Writes `stored * slope + intercept` to `into`, which may share the memory of `bytes`. Pixels have at most 16 bits,
 * slope and intercept must be whole. With `padding`, pixels of its value become `padding.as` where int16 cannot hold
 * their rescaled value.
 * @returns the number of padding pixels replaced; null where another value does not fit, and then `into` is invalid
 */
export const rescaleInto = (
  into: Int16Array,
  bytes: Uint8Array,
  { format, slope, intercept }: Pick<Slice, 'format' | 'slope' | 'intercept'>,
  padding: Padding | null,
): number | null => {
  const from = viewOf(bytes, format);
  const [up, down] = shifts(format);
  const { signed } = format;
  const paddingHu = padding === null ? 0 : padding.value * slope + intercept;
  const padded = padding !== null && (paddingHu < -32768 || paddingHu > 32767) ? padding : null;
  if (slope === 1 && padded === null && Math.abs(intercept) < 1 << 30)
    return addInto(into, from, format, intercept) ? 0 : null;
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

/**
 * Writes `stored + intercept` in 32-bit integers, the usual case. Returns whether int16 holds every value. Four pixels
 * per turn take half the time of one, and one loop for both signs keeps it monomorphic.
 */
const addInto = (into: Int16Array, from: Stored, format: PixelFormat, intercept: number): boolean => {
  const low = format.highBit + 1 - format.bitsStored;
  const mask = 2 ** format.bitsStored - 1;
  // Flipping the sign bit and subtracting it extends the sign.
  const sign = format.signed ? 2 ** (format.bitsStored - 1) : 0;
  const add = (intercept - sign) | 0;
  const hounsfield = (raw: number): number => ((((raw >>> low) & mask) ^ sign) + add) | 0;
  // Bits outside the lower 16 are set where a value is out of range.
  let used = 0;
  const { length } = into;
  const whole = length - (length % 4);
  for (let k = 0; k < whole; k += 4) {
    const a = hounsfield(from[k]!);
    const b = hounsfield(from[k + 1]!);
    const c = hounsfield(from[k + 2]!);
    const d = hounsfield(from[k + 3]!);
    used |= (a + 32768) | (b + 32768) | (c + 32768) | (d + 32768);
    into[k] = a;
    into[k + 1] = b;
    into[k + 2] = c;
    into[k + 3] = d;
  }
  for (let k = whole; k < length; k++) {
    const value = hounsfield(from[k]!);
    used |= value + 32768;
    into[k] = value;
  }
  return used >>> 16 === 0;
};
