import { NoduleTrainError } from '../../runtime/index.js';

export const dtypes = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'int16',
  'int32',
  'int64',
  'bool',
] as const;

export type DType = (typeof dtypes)[number];

/** `'cpu'`, `'cuda'` or `'cuda:N'`. */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | HalfArray;

export const isDType = (value: unknown): value is DType => dtypes.includes(value as DType);

export const isHalf = (dtype: DType): boolean => dtype === 'float16' || dtype === 'bfloat16';

/** Float16Array where the types and Node have it (Node 24), else the bits in a Uint16Array. */
export type HalfArray = typeof globalThis extends { Float16Array: { prototype: infer Array } } ? Array : Uint16Array;

interface ArraysByDType {
  float32: Float32Array;
  float64: Float64Array;
  float16: HalfArray;
  bfloat16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
}

/** Typed array of the values of a dtype. bool: 0 and 1 in a Uint8Array. bfloat16: the bits in a Uint16Array. */
export type ArrayOf<D extends DType> = ArraysByDType[D];

/** What `item()` returns. A tensor whose dtype is unknown to the types is taken as one of numbers. */
export type ItemOf<D extends DType> = DType extends D ? number : D extends 'bool' ? boolean : number;

/** An element of `toArray()`. */
export type ValueOf<D extends DType> = DType extends D ? number | boolean : D extends 'bool' ? boolean : number;

/** dtype of a tensor made from a typed array. */
export type DTypeOf<Data extends ArrayBufferView> = Data extends Float32Array
  ? 'float32'
  : Data extends Float64Array
    ? 'float64'
    : Data extends Int8Array
      ? 'int8'
      : Data extends Uint8Array | Uint8ClampedArray
        ? 'uint8'
        : Data extends Int16Array
          ? 'int16'
          : Data extends Int32Array
            ? 'int32'
            : Data extends BigInt64Array
              ? 'int64'
              : Data extends { readonly [Symbol.toStringTag]: 'Float16Array' }
                ? 'float16'
                : DType;

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Int8Array.prototype), Symbol.toStringTag)?.get as (
  this: unknown,
) => string | undefined;

/** The class of a typed array, also of another realm (`vm`, Jest) and behind a subclass; undefined for other values. */
export const typedArrayName = (value: unknown): string | undefined => tagOf.call(value);

const namesToDTypes: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Float16Array: 'float16',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Int16Array: 'int16',
  Int32Array: 'int32',
  BigInt64Array: 'int64',
};

/**
 * Returns the dtype of a tensor made from this typed array.
 * @throws NoduleTrainError `dtype`
 */
export const dtypeOfTypedArray = (data: ArrayBufferView): DType => {
  const name = typedArrayName(data) ?? 'DataView';
  const dtype = namesToDTypes[name];
  if (dtype !== undefined) return dtype;
  throw new NoduleTrainError(
    'dtype',
    `making a tensor: no dtype holds the values of a ${name}, expected a Float32Array, Float64Array, Int8Array, ` +
      'Uint8Array, Uint8ClampedArray, Int16Array, Int32Array or BigInt64Array. Give { dtype } to convert them' +
      (name === 'Uint16Array' ? ": 'int32' for numbers, 'float16' or 'bfloat16' for the bits of such values." : '.'),
  );
};

const { Float16Array: Half } = globalThis as { Float16Array?: new (buffer: ArrayBuffer) => Uint16Array };

/**
 * Wraps bytes in the typed array of the dtype. float16 is a Float16Array where Node has it; else, and for bfloat16, the
 * 16 bits of each value are in a Uint16Array.
 */
export const typedArrayOf = (dtype: string, buffer: ArrayBuffer): TypedArray => {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'uint16':
      return new Uint16Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'uint64':
      return new BigUint64Array(buffer);
    case 'float16':
      return Half === undefined ? new Uint16Array(buffer) : new Half(buffer);
    case 'bfloat16':
      return new Uint16Array(buffer);
    default:
      throw new NoduleTrainError('dtype', `reading a tensor: dtype ${dtype} has no typed array in JavaScript`);
  }
};
