import { inspect } from 'node:util';
import { NoduleTrainError } from '../../runtime/error.js';
import { type Device, type DType, isDType, type TypedArray, typedArrayOf } from './dtype.js';
import { type IndexItem, indexTensor } from './indexTensor.js';
import { native } from '../native.js';
import { type NestedArray, nestedArray, nestedArrayAsync } from './nestedArray.js';
import type { Operand } from '../operators/operatorArguments.js';
import { lazyOp } from '../operators/operators.js';
import { printTensor } from './printTensor.js';
import { type SharedTensor, shareSlot } from './share.js';
import { forget, lendInside, ownedFromSlot, slotOf } from './tensorHandle.js';
import { torchError } from '../torchError.js';

export { fromSlot, isTensor, ownedFromSlot, shapeChanged, slotOf } from './tensorHandle.js';

const A = {
  add: lazyOp('aten::add'),
  sub: lazyOp('aten::sub'),
  mul: lazyOp('aten::mul'),
  div: lazyOp('aten::div'),
  pow: lazyOp('aten::pow'),
  neg: lazyOp('aten::neg'),
  abs: lazyOp('aten::abs'),
  exp: lazyOp('aten::exp'),
  log: lazyOp('aten::log'),
  sqrt: lazyOp('aten::sqrt'),
  relu: lazyOp('aten::relu'),
  sigmoid: lazyOp('aten::sigmoid'),
  tanh: lazyOp('aten::tanh'),
  clamp: lazyOp('aten::clamp'),
  matmul: lazyOp('aten::matmul'),
  mm: lazyOp('aten::mm'),
  sum: lazyOp('aten::sum'),
  mean: lazyOp('aten::mean'),
  max: lazyOp('aten::max'),
  min: lazyOp('aten::min'),
  amax: lazyOp('aten::amax'),
  amin: lazyOp('aten::amin'),
  argmax: lazyOp('aten::argmax'),
  eq: lazyOp('aten::eq'),
  ne: lazyOp('aten::ne'),
  lt: lazyOp('aten::lt'),
  le: lazyOp('aten::le'),
  gt: lazyOp('aten::gt'),
  ge: lazyOp('aten::ge'),
  reshape: lazyOp('aten::reshape'),
  view: lazyOp('aten::view'),
  flatten: lazyOp('aten::flatten'),
  squeeze: lazyOp('aten::squeeze'),
  unsqueeze: lazyOp('aten::unsqueeze'),
  permute: lazyOp('aten::permute'),
  transpose: lazyOp('aten::transpose'),
  t: lazyOp('aten::t'),
  expand: lazyOp('aten::expand'),
  detach: lazyOp('aten::detach'),
  clone: lazyOp('aten::clone'),
  contiguous: lazyOp('aten::contiguous'),
  toDtype: lazyOp('aten::to.dtype'),
  toDevice: lazyOp('aten::to.dtype_layout'),
  slice: lazyOp('aten::slice'),
  select: lazyOp('aten::select'),
  narrow: lazyOp('aten::narrow'),
  addInPlace: lazyOp('aten::add_'),
  subInPlace: lazyOp('aten::sub_'),
  mulInPlace: lazyOp('aten::mul_'),
  divInPlace: lazyOp('aten::div_'),
  zeroInPlace: lazyOp('aten::zero_'),
  fillInPlace: lazyOp('aten::fill_'),
  copyInPlace: lazyOp('aten::copy_'),
};

const THREAD_BOUND = Symbol('a Tensor belongs to its thread, post tensor.share() and take it with fromShared(token)');

/** A tensor of libtorch: shape, dtype and device as PyTorch's. Made by `tensor()`, `zeros()`, `fromData()` … */
export class Tensor {
  // Structured clone would make an empty object of a Tensor; it refuses a symbol, and says its text.
  protected readonly threadBound: symbol = THREAD_BOUND;
  #slot: number;
  #shape: readonly number[] | undefined;
  #dtype: DType | undefined;
  #device: Device | undefined;
  #grad: Tensor | undefined;
  #view: ArrayBuffer | undefined;

  static {
    lendInside({
      isTensor: (value): value is Tensor => typeof value === 'object' && value !== null && #slot in value,
      slotOf: (tensor) => {
        if (tensor.#slot < 0)
          throw new NoduleTrainError('disposed', 'The Tensor was disposed and cannot be used any more');
        return tensor.#slot;
      },
      rawSlot: (tensor) => tensor.#slot,
      release: (tensor) => tensor.#release(),
      shapeChanged: (tensor) => {
        tensor.#shape = undefined;
        tensor.#dtype = undefined;
      },
      construct: (slot) => new Tensor(slot),
    });
  }

  private constructor(slot: number) {
    this.#slot = slot;
  }

  #release(): number {
    const slot = this.#slot;
    this.#slot = -1;
    if (this.#view !== undefined) native().detachBuffer(slot, this.#view);
    this.#view = undefined;
    this.#grad?.dispose();
    return slot;
  }

  /** Sizes of the dimensions. Frozen; the same array until an in-place operator changes the shape. */
  get shape(): readonly number[] {
    this.#shape ??= Object.freeze(native().shape(slotOf(this)));
    return this.#shape;
  }
  get dtype(): DType {
    this.#dtype ??= native().dtype(slotOf(this)) as DType;
    return this.#dtype;
  }
  get device(): Device {
    this.#device ??= native().device(slotOf(this)) as Device;
    return this.#device;
  }
  get strides(): readonly number[] {
    return native().strides(slotOf(this));
  }
  /** Number of dimensions. */
  get dim(): number {
    return this.shape.length;
  }
  /** Number of elements. */
  get numel(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }
  get isContiguous(): boolean {
    return native().isContiguous(slotOf(this));
  }
  get isDisposed(): boolean {
    return this.#slot < 0;
  }
  get isLeaf(): boolean {
    return native().isLeaf(slotOf(this));
  }

  get requiresGrad(): boolean {
    return native().requiresGrad(slotOf(this));
  }
  /** Only a leaf of a floating dtype can be set. */
  set requiresGrad(requires: boolean) {
    native().setRequiresGrad(slotOf(this), requires);
  }

  /** The gradient, or null. The same object as long as it is the same tensor; it belongs to this tensor. */
  get grad(): Tensor | null {
    const known = this.#grad !== undefined && !this.#grad.isDisposed ? this.#grad : undefined;
    const slot = native().grad(slotOf(this), known === undefined ? null : slotOf(known));
    if (slot === null) {
      this.#grad = undefined;
      return null;
    }
    if (known !== undefined && slotOf(known) === slot) return known;
    known?.dispose();
    this.#grad = ownedFromSlot(slot);
    return this.#grad;
  }
  set grad(gradient: Tensor | null) {
    native().setGrad(slotOf(this), gradient === null ? null : slotOf(gradient));
    if (gradient === null) {
      this.#grad?.dispose();
      this.#grad = undefined;
    }
  }

  /**
   * Adds the gradients of this tensor to those of the leaves it was computed from.
   * @param gradient of the shape of this tensor; may be left out where it has one element
   */
  backward(gradient?: Tensor, options: { retainGraph?: boolean } = {}): void {
    try {
      native().backward(slotOf(this), gradient === undefined ? null : slotOf(gradient), options.retainGraph === true);
    } catch (cause) {
      throw torchError(cause, 'backward()');
    }
  }

  /** Frees the memory now (unless another tensor shares it). Views given by `data()` are detached. */
  dispose(): void {
    if (this.#slot < 0) return;
    forget(this);
    native().dispose(this.#release());
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The only element. int64 beyond 2^53 throws. */
  item(): number | boolean {
    const slot = slotOf(this);
    if (this.numel !== 1)
      throw new NoduleTrainError('torch', `item(): the tensor has shape [${this.shape}], wanted is one element`);
    try {
      return native().item(slot);
    } catch (cause) {
      throw torchError(cause);
    }
  }

  /** The values as nested arrays; of a 0-dim tensor the scalar. int64 beyond 2^53 throws. */
  toArray(): NestedArray {
    if (this.dtype === 'float16' || this.dtype === 'bfloat16') {
      const wide = this.to('float32');
      const array = wide.toArray();
      wide.dispose();
      return array;
    }
    return nestedArray(typedArrayOf(this.dtype, native().copyBytes(slotOf(this))), this.shape, this.dtype);
  }

  /**
   * A view of libtorch's memory, without a copy; writing to it changes the tensor. Detached when this tensor is disposed.
   * @throws NoduleTrainError `torch` unless the tensor is contiguous and on the CPU
   */
  data(): TypedArray {
    try {
      this.#view = native().data(slotOf(this), this.#view ?? null);
    } catch (cause) {
      throw torchError(cause);
    }
    return typedArrayOf(this.dtype, this.#view);
  }

  /**
   * A copy of the values, made off this thread after the asynchronous calls before it. The tensor may be disposed at once,
   * but must not be written to until the promise resolves.
   */
  async dataAsync(): Promise<TypedArray> {
    const { dtype } = this;
    try {
      return typedArrayOf(dtype, await native().copyBytesAsync(slotOf(this), null));
    } catch (cause) {
      throw torchError(cause, 'dataAsync()');
    }
  }

  /** As `toArray`, with the copy made off this thread (see `dataAsync`) and the arrays built in slices of 10 ms. */
  async toArrayAsync(): Promise<NestedArray> {
    const { dtype, shape } = this;
    const half = dtype === 'float16' || dtype === 'bfloat16';
    let bytes: ArrayBuffer;
    try {
      bytes = await native().copyBytesAsync(slotOf(this), half ? 'float32' : null);
    } catch (cause) {
      throw torchError(cause, 'toArrayAsync()');
    }
    return nestedArrayAsync(typedArrayOf(half ? 'float32' : dtype, bytes), shape, dtype);
  }

  /**
   * Offers this tensor's memory, without a copy, to another thread of the process: the token is plain data for
   * `postMessage`, and `fromShared(token)` takes it there, once. Both then see what either writes.
   * @throws NoduleTrainError `share` where the tensor has a graph, which belongs to this thread
   */
  share(): SharedTensor {
    return shareSlot(slotOf(this));
  }

  to(target: DType | Device): Tensor {
    return isDType(target) ? A.toDtype(this, target) : A.toDevice(this, { device: target });
  }

  add(other: Operand): Tensor {
    return A.add(this, other);
  }
  sub(other: Operand): Tensor {
    return A.sub(this, other);
  }
  mul(other: Operand): Tensor {
    return A.mul(this, other);
  }
  div(other: Operand): Tensor {
    return A.div(this, other);
  }
  pow(other: Operand): Tensor {
    return A.pow(this, other);
  }
  eq(other: Operand): Tensor {
    return A.eq(this, other);
  }
  ne(other: Operand): Tensor {
    return A.ne(this, other);
  }
  lt(other: Operand): Tensor {
    return A.lt(this, other);
  }
  le(other: Operand): Tensor {
    return A.le(this, other);
  }
  gt(other: Operand): Tensor {
    return A.gt(this, other);
  }
  ge(other: Operand): Tensor {
    return A.ge(this, other);
  }
  neg(): Tensor {
    return A.neg(this);
  }
  abs(): Tensor {
    return A.abs(this);
  }
  exp(): Tensor {
    return A.exp(this);
  }
  log(): Tensor {
    return A.log(this);
  }
  sqrt(): Tensor {
    return A.sqrt(this);
  }
  relu(): Tensor {
    return A.relu(this);
  }
  sigmoid(): Tensor {
    return A.sigmoid(this);
  }
  tanh(): Tensor {
    return A.tanh(this);
  }
  t(): Tensor {
    return A.t(this);
  }
  detach(): Tensor {
    return A.detach(this);
  }
  clone(): Tensor {
    return A.clone(this);
  }
  contiguous(): Tensor {
    return A.contiguous(this);
  }
  matmul(other: Tensor): Tensor {
    return A.matmul(this, other);
  }
  mm(other: Tensor): Tensor {
    return A.mm(this, other);
  }
  clamp(min: number | null, max: number | null = null): Tensor {
    return A.clamp(this, min, max);
  }
  /** Over all elements, or over the given dimensions. */
  sum(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? A.sum(this) : A.sum(this, typeof dim === 'number' ? [dim] : dim, keepdim);
  }
  /** Over all elements, or over the given dimensions. */
  mean(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? A.mean(this) : A.mean(this, typeof dim === 'number' ? [dim] : dim, keepdim);
  }
  /** The largest of all elements, or (without positions) along dimensions. */
  max(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? A.max(this) : A.amax(this, typeof dim === 'number' ? [dim] : dim, keepdim);
  }
  /** The smallest of all elements, or (without positions) along dimensions. */
  min(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? A.min(this) : A.amin(this, typeof dim === 'number' ? [dim] : dim, keepdim);
  }
  argmax(dim?: number, keepdim = false): Tensor {
    return A.argmax(this, dim, keepdim);
  }
  reshape(...shape: number[]): Tensor {
    return A.reshape(this, shape);
  }
  view(...shape: number[]): Tensor {
    return A.view(this, shape);
  }
  flatten(startDim = 0, endDim = -1): Tensor {
    return A.flatten(this, startDim, endDim);
  }
  squeeze(dim?: number): Tensor {
    return dim === undefined ? A.squeeze(this) : A.squeeze(this, dim);
  }
  unsqueeze(dim: number): Tensor {
    return A.unsqueeze(this, dim);
  }
  permute(...dims: number[]): Tensor {
    return A.permute(this, dims);
  }
  transpose(dim0: number, dim1: number): Tensor {
    return A.transpose(this, dim0, dim1);
  }
  expand(...shape: number[]): Tensor {
    return A.expand(this, shape);
  }
  /** A view of positions start … end - 1 of a dimension; negative ones count from the end. */
  slice(dim: number, start: number | null = null, end: number | null = null, step = 1): Tensor {
    return A.slice(this, dim, start, end, step);
  }
  select(dim: number, index: number): Tensor {
    return A.select(this, dim, index);
  }
  narrow(dim: number, start: number, length: number): Tensor {
    return A.narrow(this, dim, start, length);
  }

  /**
   * One item for each leading dimension, as `x[1, 2:5, :]` in Python is `x.index(1, [2, 5], null)`. Ranges may be strided and
   * negative as numpy's; those with a negative step, and tensors, give a copy, the others a view.
   * @throws NoduleTrainError `index` where an item is none or lies outside
   */
  index(...items: IndexItem[]): Tensor {
    return indexTensor(this, items);
  }

  add_(other: Operand, options: { alpha?: number } = {}): this {
    return A.addInPlace(this, other, { alpha: options.alpha }) as this;
  }
  sub_(other: Operand): this {
    return A.subInPlace(this, other) as this;
  }
  mul_(other: Operand): this {
    return A.mulInPlace(this, other) as this;
  }
  div_(other: Operand): this {
    return A.divInPlace(this, other) as this;
  }
  zero_(): this {
    return A.zeroInPlace(this) as this;
  }
  fill_(value: number | boolean): this {
    return A.fillInPlace(this, value) as this;
  }
  /** Copies the values of `source` (broadcast, converted) into this tensor. */
  copy_(source: Tensor): this {
    return A.copyInPlace(this, source) as this;
  }

  toString(): string {
    return this[inspect.custom]();
  }
  [inspect.custom](): string {
    return printTensor(this);
  }
}
