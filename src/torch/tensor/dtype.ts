import { types } from 'node:util';
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
  | BigUint64Array;

export const isDType = (value: unknown): value is DType => dtypes.includes(value as DType);

/**
 * Returns the dtype of a tensor made from this typed array, also of another realm (`vm`, Jest).
 * @throws NoduleTrainError `dtype`
 */
export const dtypeOfTypedArray = (data: ArrayBufferView): DType => {
  if (types.isFloat32Array(data)) return 'float32';
  if (types.isFloat64Array(data)) return 'float64';
  if (types.isInt8Array(data)) return 'int8';
  if (types.isUint8Array(data) || types.isUint8ClampedArray(data)) return 'uint8';
  if (types.isInt16Array(data)) return 'int16';
  if (types.isInt32Array(data)) return 'int32';
  if (types.isBigInt64Array(data)) return 'int64';
  throw new NoduleTrainError(
    'dtype',
    `making a tensor: no dtype holds the values of a ${data.constructor.name}, ` +
      'expected a Float32Array, Float64Array, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Int32Array ' +
      'or BigInt64Array',
  );
};

/**
 * Wraps bytes in the typed array of the dtype; float16 and bfloat16 have none and come as their 16 bits in a
 * Uint16Array.
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
    case 'bfloat16':
      return new Uint16Array(buffer);
    default:
      throw new NoduleTrainError('dtype', `reading a tensor: dtype ${dtype} has no typed array in JavaScript`);
  }
};
