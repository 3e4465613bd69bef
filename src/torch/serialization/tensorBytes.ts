import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Slot } from '../native.js';
import { native } from '../native.js';
import { lazyOp } from '../operators/operators.js';
import { shown } from '../shown.js';
import { type DType, dtypes, isDType } from '../tensor/dtype.js';
import { fromSlot, isTensor, slotOf, type Tensor } from '../tensor/tensor.js';
import { torchError } from '../torchError.js';

declare module '../native.js' {
  interface Native {
    tensorFromBytes(bytes: Uint8Array, dtype: string, shape: readonly number[]): Slot;
    tensorToBytes(slot: Slot): Uint8Array;
    viewOfStorage(slot: Slot, sizes: readonly number[], strides: readonly number[], offset: number): Slot;
  }
}

export const bytesPerElement: Record<DType, number> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Bytes per element of each dtype that a tensor in a file of torch.save may have. */
export const bytesOfStored: Readonly<Record<string, number>> = {
  ...bytesPerElement,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  complex32: 4,
  complex64: 8,
  complex128: 16,
  float8_e4m3fn: 1,
  float8_e5m2: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2fnuz: 1,
  float8_e8m0fnu: 1,
  float4_e2m1fn_x2: 1,
};

/** Copies little-endian, row-major bytes into a tensor. */
export const tensorFromBytes = (bytes: Uint8Array, dtype: string, shape: readonly number[]): Tensor =>
  fromSlot(native().tensorFromBytes(bytes, dtype, shape));

/** Views a tensor as another dtype. */
export const viewDtype = lazyOp('aten::view.dtype');

/** Copies bytes with each number of `width` bytes in the other byte order. */
export function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  if (width > 1) for (let at = 0; at + width <= copy.length; at += width) copy.subarray(at, at + width).reverse();
  return copy;
}

/** Copies a tensor's values as little-endian, row-major bytes. */
export const tensorToBytes = (tensor: Tensor): Uint8Array => native().tensorToBytes(slotOf(tensor));

/**
 * Like {@link tensorToBytes}, but for several tensors and off this thread.
 * @throws NoduleTrainError `tensor-changed` if one was written to before its copy was made
 */
export async function tensorsToBytes(what: string, tensors: readonly Tensor[]): Promise<Uint8Array[]> {
  let copies: (Uint8Array | null)[];
  const shapes = tensors.map(({ shape }) => shape);
  try {
    copies = await native().copyManyAsync(tensors.map(slotOf));
  } catch (cause) {
    throw torchError(cause, what);
  }
  return copies.map((bytes, i) => {
    if (bytes !== null) return bytes;
    throw new NoduleTrainError(
      'tensor-changed',
      `${what}: tensor ${i}, of shape [${shapes[i]}], was written to before its values were copied. ` +
        'Await the promise first, or use the blocking function.',
    );
  });
}

/** Returns a view into the flat tensor `storage`, which both then share. */
export const viewOfStorage = (
  storage: Tensor,
  sizes: readonly number[],
  strides: readonly number[],
  offset: number,
): Tensor => fromSlot(native().viewOfStorage(slotOf(storage), sizes, strides, offset));

/** Whether it is a Map, also of another realm (`vm`, Jest). */
const isMap = (value: unknown): value is ReadonlyMap<string, Tensor> => types.isMap(value);

/**
 * Refuses a tensor that a file format has no form for, before a file is touched.
 * @throws NoduleTrainError `tensors` for complex, quantized and sparse tensors
 */
export function requireStorable(what: string, name: string, tensor: Tensor): void {
  if (!isDType(tensor.dtype))
    throw new NoduleTrainError(
      'tensors',
      `${what}: ${name} has dtype ${tensor.dtype}, expected one of ${dtypes.join(', ')}. Save view_as_real() of a ` +
        'complex tensor.',
    );
  if (!native().isStrided(slotOf(tensor)))
    throw new NoduleTrainError(
      'tensors',
      `${what}: ${name} is sparse, expected a dense tensor. Call to_dense() first.`,
    );
}

/**
 * Returns the entries of named tensors.
 * @throws NoduleTrainError `tensors` if a value is not a Tensor, or not one that can be stored
 */
export const namedTensors = (
  what: string,
  tensors: ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor },
): [string, Tensor][] => {
  if (typeof tensors !== 'object' || tensors === null || Array.isArray(tensors) || ArrayBuffer.isView(tensors))
    throw new NoduleTrainError(
      'tensors',
      `${what}: found ${shown(tensors)}, expected a Map or an object of Tensors by name`,
    );
  const entries = isMap(tensors) ? [...tensors] : Object.entries(tensors);
  for (const [name, value] of entries) {
    if (typeof name !== 'string')
      throw new NoduleTrainError('tensors', `${what}: found the name ${shown(name)}, expected a string`);
    if (!isTensor(value))
      throw new NoduleTrainError('tensors', `${what}: the value of ${name} is ${shown(value)}, expected a Tensor`);
    requireStorable(what, name, value);
  }
  return entries as [string, Tensor][];
};
