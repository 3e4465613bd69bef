import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import { torchError } from '../torchError.js';
import { type DType, isDType, isHalf, type TypedArray, typedArrayOf } from './dtype.js';
import {
  checkArraySize,
  checkDims,
  type Dims,
  type NestedArray,
  nestedArray,
  nestedArrayAsync,
} from './nestedArray.js';
import type { Tensor } from './tensor.js';
import { slotOf } from './tensorHandle.js';

// What the methods of Tensor that give values to JavaScript do.

/** Limit of the elements in JSON. */
const MOST_IN_JSON = 2 ** 20;

/** @throws NoduleTrainError `dtype` unless the tensor has the dtype, where one is given */
export function checkDType(tensor: Tensor, dtype: DType | undefined, what: string): void {
  if (dtype === undefined || tensor.dtype === dtype) return;
  const text = isDType(dtype) ? `'${dtype}'` : `a ${typeof dtype}`;
  throw new NoduleTrainError('dtype', `${what}(${text}): the tensor is ${tensor.dtype}. Convert it with to().`);
}

export function readItem(tensor: Tensor, dtype: DType | undefined): number | boolean {
  const slot = slotOf(tensor);
  checkDType(tensor, dtype, 'item');
  try {
    return native().item(slot);
  } catch (cause) {
    throw torchError(cause);
  }
}

export function readArray(tensor: Tensor, dims?: Dims): NestedArray {
  const { shape, dtype } = tensor;
  checkDims(shape, dims, 'toArray');
  checkArraySize(shape);
  if (isHalf(dtype)) {
    const wide = tensor.to('float32');
    try {
      return readArray(wide);
    } finally {
      wide.dispose();
    }
  }
  let bytes: ArrayBuffer;
  try {
    bytes = native().copyBytes(slotOf(tensor));
  } catch (cause) {
    throw torchError(cause, 'toArray()');
  }
  return nestedArray(typedArrayOf(dtype, bytes), shape, dtype);
}

export async function readDataAsync(tensor: Tensor, expected: DType | undefined): Promise<TypedArray> {
  const { dtype } = tensor;
  checkDType(tensor, expected, 'dataAsync');
  try {
    return typedArrayOf(dtype, await native().copyBytesAsync(slotOf(tensor), null));
  } catch (cause) {
    throw torchError(cause, 'dataAsync()');
  }
}

export async function readArrayAsync(tensor: Tensor, dims: Dims | undefined): Promise<NestedArray> {
  const { dtype, shape } = tensor;
  checkDims(shape, dims, 'toArrayAsync');
  checkArraySize(shape);
  const half = isHalf(dtype);
  let bytes: ArrayBuffer;
  try {
    bytes = await native().copyBytesAsync(slotOf(tensor), half ? 'float32' : null);
  } catch (cause) {
    throw torchError(cause, 'toArrayAsync()');
  }
  return nestedArrayAsync(typedArrayOf(half ? 'float32' : dtype, bytes), shape, dtype);
}

/** The value of a tensor among JavaScript's operators, which would compare and add other tensors as text. */
export function readNumber(tensor: Tensor): number | boolean {
  if (tensor.numel === 1) return readItem(tensor, undefined);
  throw new NoduleTrainError(
    'torch',
    `using a Tensor as a number: it has shape [${tensor.shape}], expected one element. JavaScript has no operators ` +
      'for tensors: call add(), gt() and others.',
  );
}

export function readJson(tensor: Tensor): NestedArray {
  if (tensor.numel > MOST_IN_JSON)
    throw new NoduleTrainError(
      'torch',
      `JSON.stringify(): a Tensor of shape [${tensor.shape}] has more than ${MOST_IN_JSON} elements. Save it with ` +
        'saveTensors(), or call toArray() first.',
    );
  return readArray(tensor);
}
