import { lazyOp } from '../operators/operators.js';
import type { Device, DType } from './dtype.js';
import type { Tensor } from './tensor.js';

/**
 * Methods named after a dtype or device, and short names of the shape. There is no iterator: `toEqual` of test runners
 * would compare two tensors, or one with itself, by the new tensors that it yields. `x.unbind()` is an array of rows.
 */
export interface TensorConversions<D extends DType> {
  /** Converts to float32; the same values elsewhere are not copied if nothing changes. */
  float(): Tensor<'float32'>;
  /** Converts to float64. */
  double(): Tensor<'float64'>;
  /** Converts to float16. */
  half(): Tensor<'float16'>;
  bfloat16(): Tensor<'bfloat16'>;
  /** Converts to uint8. */
  byte(): Tensor<'uint8'>;
  /** Converts to int8. */
  char(): Tensor<'int8'>;
  /** Converts to int16. */
  short(): Tensor<'int16'>;
  /** Converts to int32. */
  int(): Tensor<'int32'>;
  /** Converts to int64. */
  long(): Tensor<'int64'>;
  bool(): Tensor<'bool'>;
  /** Copies to the CPU, unless the tensor is there. */
  cpu(): Tensor<D>;
  /** Copies to the CUDA device, unless the tensor is there. @throws NoduleTrainError `torch` without CUDA */
  cuda(device?: Extract<Device, `cuda${string}`>): Tensor<D>;
  /** Sets `requiresGrad` and returns this tensor. @throws NoduleTrainError `torch` for an integer tensor */
  requiresGrad_(required?: boolean): this;
  /** The sizes, or the size of one dimension. @throws NoduleTrainError `torch` for a dimension out of range */
  size(): readonly number[];
  size(dim: number): number;
  /** Steps between elements, or along one dimension. @throws NoduleTrainError `torch` for a dimension out of range */
  stride(): readonly number[];
  stride(dim: number): number;
  /** Number of dimensions, as `dim`. */
  readonly ndim: number;
  /** A view with the dimensions in reverse order; the tensor itself if it has fewer than two. `x.T.T` is `x`. */
  readonly T: Tensor<D>;
}

const dtypes: Readonly<Record<string, DType>> = {
  float: 'float32',
  double: 'float64',
  half: 'float16',
  bfloat16: 'bfloat16',
  byte: 'uint8',
  char: 'int8',
  short: 'int16',
  int: 'int32',
  long: 'int64',
  bool: 'bool',
};

const permute = lazyOp('aten::permute');
const sizeOf = lazyOp('aten::size.int');
const strideOf = lazyOp('aten::stride.int');

/**
 * Transposes that were made. Jest reads every property of a tensor, and of tensors that it finds there, when it reports
 * a difference, so a property may not make another tensor at each read (nor throw, hence `mT` is missing).
 */
const transposes = new WeakMap<Tensor, WeakRef<Tensor>>();

const transposed = (tensor: Tensor): Tensor => {
  if (tensor.dim < 2) return tensor;
  const known = transposes.get(tensor)?.deref();
  if (known !== undefined && !known.isDisposed) return known;
  const made = permute(
    tensor,
    Array.from({ length: tensor.dim }, (_, i) => tensor.dim - 1 - i),
  );
  transposes.set(tensor, new WeakRef(made));
  transposes.set(made, new WeakRef(tensor));
  return made;
};

const define = (prototype: Tensor, name: string, value: (this: Tensor, argument: never) => unknown): void => {
  Object.defineProperty(prototype, name, { value, writable: true, enumerable: false, configurable: true });
};

/** Puts these methods on the prototype of Tensor. */
export function installConversions(prototype: Tensor): void {
  for (const [name, dtype] of Object.entries(dtypes))
    define(prototype, name, function () {
      return this.to(dtype);
    });
  define(prototype, 'cpu', function () {
    return this.to('cpu');
  });
  define(prototype, 'cuda', function (device: Device = 'cuda') {
    return this.to(device);
  });
  define(prototype, 'requiresGrad_', function (required = true) {
    this.requiresGrad = required;
    return this;
  });
  define(prototype, 'size', function (dim?: number) {
    return dim === undefined ? this.shape : sizeOf(this, dim);
  });
  define(prototype, 'stride', function (dim?: number) {
    return dim === undefined ? this.strides : strideOf(this, dim);
  });
  const getters: Record<string, (this: Tensor) => unknown> = {
    ndim() {
      return this.dim;
    },
    T() {
      return transposed(this);
    },
  };
  for (const [name, get] of Object.entries(getters))
    Object.defineProperty(prototype, name, { get, enumerable: false, configurable: true });
}
