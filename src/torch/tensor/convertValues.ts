import { NoduleTrainError } from '../../runtime/index.js';
import type { DType, TypedArray } from './dtype.js';
import type { Value } from './readNested.js';

type IntegerType = 'int8' | 'uint8' | 'int16' | 'int32' | 'int64';

const LIMITS: Record<IntegerType, readonly [least: number, most: number]> = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};

export const isIntegerType = (dtype: string): dtype is IntegerType => Object.hasOwn(LIMITS, dtype);

const refuse = (what: string, value: Value, place: number, dtype: IntegerType): never => {
  const [least, most] = LIMITS[dtype];
  const limits = dtype === 'int64' ? '-2^63 to 2^63 - 1' : `${least} to ${most}`;
  throw new NoduleTrainError(
    'dtype',
    `${what}: element ${place} is ${value}, which ${dtype} cannot hold, expected a number from ${limits}`,
  );
};

/**
 * Checks that an integer dtype holds the values, by Python's rules: fractions are cut off, and whole negative numbers
 * wrap in uint8, so that -1 is 255.
 * @param what the call, for errors
 * @throws NoduleTrainError `dtype`
 */
export function checkIntegers(values: ArrayLike<Value>, dtype: IntegerType, what: string): void {
  const [least, most] = LIMITS[dtype];
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as Value;
    if (typeof value === 'bigint') {
      const fits = dtype === 'int64' ? value === BigInt.asIntN(64, value) : value >= least && value <= most;
      if (!fits && !(dtype === 'uint8' && value < 0n && value >= -255n)) refuse(what, value, place, dtype);
      continue;
    }
    const number = Number(value);
    // NaN fails both comparisons. The limit 2^63 of int64 is the first number beyond it.
    if (number >= least && (dtype === 'int64' ? number < most : number <= most)) continue;
    if (!(dtype === 'uint8' && number < 0 && number >= -most && Number.isInteger(number)))
      refuse(what, value, place, dtype);
  }
}

/** Writes the values as floating-point numbers; a bigint beyond the range of doubles would be infinite. */
const fillFloats = <Data extends Float32Array | Float64Array>(
  data: Data,
  values: readonly Value[],
  what: string,
): Data => {
  for (let i = 0; i < data.length; i++) {
    const value = values[i] as Value;
    const number = Number(value);
    if (typeof value === 'bigint' && !Number.isFinite(number))
      throw new NoduleTrainError(
        'dtype',
        `${what}: element ${i} is a bigint beyond the range of floating-point numbers`,
      );
    data[i] = number;
  }
  return data;
};

/** Python's kinds: booleans make bool, bigints int64, numbers float32, also among booleans. */
const kindOf = (values: readonly Value[], what: string): DType => {
  let [numbers, bigints] = [0, 0];
  for (const value of values)
    if (typeof value === 'number') numbers++;
    else if (typeof value === 'bigint') bigints++;
  if (bigints > 0 && numbers > 0)
    throw new NoduleTrainError(
      'dtype',
      `${what}: found numbers and bigints, expected one of them. Give { dtype } to convert them.`,
    );
  if (bigints > 0) return 'int64';
  return numbers > 0 || values.length === 0 ? 'float32' : 'bool';
};

/**
 * Converts values to a typed array of a dtype, or to float64 where libtorch has to convert them.
 * @param dtype default: float32 for numbers, int64 for bigints, bool for booleans
 * @param what the call, for errors
 * @throws NoduleTrainError `dtype` for values that an integer dtype cannot hold
 */
export function convertValues(
  values: readonly Value[],
  dtype: DType | undefined,
  what: string,
): { data: TypedArray; dtype: DType } {
  const target = dtype ?? kindOf(values, what);
  if (target === 'float32') return { data: fillFloats(new Float32Array(values.length), values, what), dtype: target };
  if (target === 'bool')
    return {
      data: Uint8Array.from(values as number[], (value) => (value || Number.isNaN(value) ? 1 : 0)),
      dtype: target,
    };
  if (!isIntegerType(target))
    return { data: fillFloats(new Float64Array(values.length), values, what), dtype: 'float64' };
  checkIntegers(values, target, what);
  if (target === 'int64') {
    // libtorch converts doubles faster than JavaScript makes bigints.
    if (!values.some((value) => typeof value === 'bigint'))
      return { data: fillFloats(new Float64Array(values.length), values, what), dtype: 'float64' };
    const integer = (value: Value): bigint => BigInt(typeof value === 'number' ? Math.trunc(value) : value);
    return { data: BigInt64Array.from(values, integer), dtype: target };
  }
  const arrays = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, int32: Int32Array };
  return { data: new arrays[target]((values as number[]).map(Number)), dtype: target };
}
