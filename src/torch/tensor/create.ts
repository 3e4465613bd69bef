import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import { torchError } from '../torchError.js';
import { checkIntegers, convertValues, isIntegerType } from './convertValues.js';
import { type DType, type DTypeOf, dtypeOfTypedArray, type TypedArray, typedArrayName } from './dtype.js';
import { type Nested, type NestedOf, readNested, type Value } from './readNested.js';
import { fromSlot, isTensor, type Tensor } from './tensor.js';
import { checkShape, readOptions, type TensorOptions, withGrad } from './tensorOptions.js';

// All functions that make tensors, for the other folders of this layer.
export * from './factories.js';

const moved = (made: Tensor, options: TensorOptions, dtype: DType): Tensor => {
  let tensor = made;
  if (options.dtype !== undefined && options.dtype !== dtype) {
    tensor = made.to(options.dtype);
    made.dispose();
  }
  if (options.device !== undefined && options.device !== 'cpu') {
    const there = tensor.to(options.device);
    tensor.dispose();
    tensor = there;
  }
  return withGrad(tensor, options);
};

/** @throws NoduleTrainError `torch` if the buffer shrank meanwhile, or the memory does not suffice */
const copied = (data: TypedArray, dtype: DType, shape: readonly number[]): Tensor => {
  // Node's interface for addons has no Float16Array.
  const view = dtype === 'float16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
  try {
    // Node-API of Node 20 takes no arrays over shared memory.
    const own = types.isSharedArrayBuffer(view.buffer) ? view.slice() : view;
    return fromSlot(native().fromData(own, dtype, shape));
  } catch (cause) {
    throw torchError(cause, 'making a tensor');
  }
};

const fromValues = (values: readonly Value[], shape: number[], options: TensorOptions, what: string): Tensor => {
  const { data, dtype } = convertValues(values, options.dtype, what);
  return moved(copied(data, dtype, shape), options, dtype);
};

/**
 * Copies a typed array into a tensor of the same type (Float32Array → float32 …), converted to `dtype` if given. A
 * Uint16Array with the dtype float16 or bfloat16 holds the bits of the values; with another dtype, the values.
 * @param shape product equal to the array's length; default: one dimension
 * @throws NoduleTrainError `shape`, `dtype` for values that an integer dtype cannot hold
 */
export function fromData<Data extends TypedArray, D extends DType = DTypeOf<Data>>(
  data: Data,
  shape?: readonly number[],
  options?: TensorOptions<D>,
): Tensor<D>;
export function fromData(data: TypedArray, shape?: readonly number[], from?: TensorOptions): Tensor {
  const name = typedArrayName(data);
  if (name === undefined)
    throw new NoduleTrainError(
      'dtype',
      `fromData: found ${data === null ? 'null' : Array.isArray(data) ? 'an array' : `a ${typeof data}`}, expected a ` +
        'typed array. tensor() takes arrays.',
    );
  const options = readOptions('fromData', from);
  // The length is read last: a getter of the shape or options may shrink the buffer.
  const given = shape === undefined ? undefined : checkShape('fromData', shape);
  const { length } = data;
  const sizes = given ?? [length];
  const numel = sizes.reduce((product, size) => product * size, 1);
  if (numel !== length)
    throw new NoduleTrainError('shape', `fromData: found ${length} values, expected ${numel} for the shape [${sizes}]`);
  const { dtype } = options;
  if (name === 'Uint16Array' && (dtype === 'float16' || dtype === 'bfloat16'))
    return moved(copied(data, dtype, sizes), options, dtype);
  if (dtype !== undefined && (name === 'Uint16Array' || name === 'Uint32Array' || name === 'BigUint64Array'))
    return fromValues(Array.from(data as ArrayLike<number | bigint>), sizes, options, 'fromData');
  const own = dtypeOfTypedArray(data);
  // The bytes of uint8 values are those of bool.
  const asIs = own === 'uint8' && dtype === 'bool' ? 'bool' : own;
  if (dtype !== undefined && dtype !== asIs && isIntegerType(dtype))
    checkIntegers(data as ArrayLike<number | bigint>, dtype, 'fromData');
  return moved(copied(data, asIs, sizes), options, asIs);
}

/**
 * Makes a tensor from nested arrays or a typed array. Numbers make float32 (integers too), booleans bool, bigints
 * int64; `dtype` converts. Tensors without dimensions stand for their values, without their graph.
 * @throws NoduleTrainError `shape` for ragged arrays, `dtype` for values that an integer dtype cannot hold
 */
export function tensor<D extends DType = 'float32'>(values: NestedOf<number>, options?: TensorOptions<D>): Tensor<D>;
export function tensor<D extends DType = 'int64'>(values: NestedOf<bigint>, options?: TensorOptions<D>): Tensor<D>;
export function tensor<D extends DType = 'bool'>(values: NestedOf<boolean>, options?: TensorOptions<D>): Tensor<D>;
export function tensor<Data extends TypedArray, D extends DType = DTypeOf<Data>>(
  values: Data,
  options?: TensorOptions<D>,
): Tensor<D>;
export function tensor(values: Nested | TypedArray, options?: TensorOptions): Tensor;
export function tensor(values: Nested | TypedArray, given?: TensorOptions): Tensor {
  if (typedArrayName(values) !== undefined) return fromData(values as TypedArray, undefined, given);
  if (isTensor(values))
    throw new NoduleTrainError('dtype', 'tensor: found a Tensor, expected arrays of numbers. Copy it with clone().');
  const options = readOptions('tensor', given);
  const { values: flat, shape } = readNested(values, 'tensor');
  return fromValues(flat, shape, options, 'tensor');
}
