import { inspect } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import type { Operand } from '../operators/operatorArguments.js';
import { lazyOp } from '../operators/operators.js';
import type { TensorMethods } from '../operators/operatorTypes.generated.js';
import { torchError } from '../torchError.js';
import { installConversions, type TensorConversions } from './conversions.js';
import { type Device, type DType, isDType, type TypedArray, typedArrayOf } from './dtype.js';
import { type IndexItem, indexTensor } from './indexTensor.js';
import { installMethods } from './installMethods.js';
import { checkArraySize, type NestedArray, nestedArray, nestedArrayAsync } from './nestedArray.js';
import { printTensor } from './printTensor.js';
import { type SharedTensor, type ShareOptions, shareSlot } from './share.js';
import { forget, isTensor, lendInside, ownedFromSlot, slotOf } from './tensorHandle.js';

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
  equal: lazyOp('aten::equal'),
  allclose: lazyOp('aten::allclose'),
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

/** The list of `view(2, 3)` or `view([2, 3])`. */
const listOf = (given: number[] | [readonly number[]]): readonly number[] =>
  Array.isArray(given[0]) ? given[0] : (given as number[]);

/** Limit of the elements in JSON. */
const MOST_IN_JSON = 2 ** 20;

/** Options of `backward`. */
export interface BackwardOptions {
  /** Gradient of the result, of its shape; may be omitted if it has one element. */
  gradient?: Tensor | null | undefined;
  /** Keeps the graph for another call; default: `createGraph`. */
  retainGraph?: boolean | undefined;
  /** Records the graph of the gradients too. Then set `grad` to null in the end: it refers to the graph and back. */
  createGraph?: boolean | undefined;
  /** Leaves that get a gradient; default: all. */
  inputs?: readonly Tensor[] | null | undefined;
}

/** Tolerances of `allclose`. */
export interface Closeness {
  rtol?: number;
  atol?: number;
  /** Whether NaN equals NaN. */
  equalNan?: boolean;
}

const THREAD_BOUND = Symbol('a Tensor belongs to its thread, post tensor.share() and take it with fromShared(token)');

let tensorsMade = 0;
/** Numbers Tensors, within the range of V8's small integers. */
const nextId = (): number => {
  tensorsMade = (tensorsMade + 1) & 0x3fffffff;
  return tensorsMade;
};

/** What only this file has, so that JavaScript cannot make a Tensor for any slot. */
const CONSTRUCT = Symbol('construct');

// The methods that installMethods() and installConversions() add below.
export interface Tensor extends TensorMethods, TensorConversions {}

/** A libtorch tensor, with PyTorch's shape, dtype and device. Made by `tensor()`, `zeros()`, `fromData()` … */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: they add every method of the interface
export class Tensor {
  // postMessage would clone a Tensor as an empty object. A symbol cannot be cloned, and the error shows its text.
  protected readonly threadBound: symbol = THREAD_BOUND;
  // Comparisons of objects (`toEqual`, `deepStrictEqual`) see own properties only, and would take all Tensors as equal.
  // `equal()` and `allclose()` compare values.
  protected readonly id: number = nextId();
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
          throw new NoduleTrainError('disposed', 'using a Tensor: it was disposed and has no memory');
        return tensor.#slot;
      },
      rawSlot: (tensor) => tensor.#slot,
      release: (tensor) => tensor.#release(),
      shapeChanged: (tensor) => {
        tensor.#shape = undefined;
        tensor.#dtype = undefined;
        tensor.#device = undefined;
        if (tensor.#view !== undefined && native().detachMoved(tensor.#slot, tensor.#view)) tensor.#view = undefined;
      },
      construct: (slot) => new Tensor(slot, CONSTRUCT),
    });
  }

  /** Use `tensor()`, `zeros()`, `fromData()` …: a Tensor with the slot of another would free its memory. */
  private constructor(slot: number, key: symbol) {
    if (key !== CONSTRUCT)
      throw new NoduleTrainError('torch', 'new Tensor(): a Tensor is made by tensor(), zeros(), fromData() and others');
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

  /** Sizes of the dimensions. A frozen array, the same one until an in-place operator changes the shape. */
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
  /** Can be set only on a leaf of a floating-point dtype. */
  set requiresGrad(requires: boolean) {
    try {
      native().setRequiresGrad(slotOf(this), requires);
    } catch (cause) {
      throw torchError(cause);
    }
  }

  /** The gradient, or null. It belongs to this tensor and is the same object while it is the same native tensor. */
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
  /** @throws NoduleTrainError `torch` unless it has this tensor's shape, dtype and device */
  set grad(gradient: Tensor | null) {
    if (gradient !== null && !isTensor(gradient))
      throw new NoduleTrainError('torch', `setting grad: found ${typeof gradient}, expected a Tensor or null`);
    try {
      native().setGrad(slotOf(this), gradient === null ? null : slotOf(gradient));
    } catch (cause) {
      throw torchError(cause);
    }
    if (gradient === null) {
      this.#grad?.dispose();
      this.#grad = undefined;
    }
  }

  /**
   * Adds the gradients of this tensor with respect to the leaves it was computed from to their `grad`:
   * `backward(gradient, {retainGraph})`, or `backward({gradient, retainGraph})`.
   * @param gradient of the shape of this tensor; may be omitted if it has one element
   * @throws NoduleTrainError `torch` for a gradient of another shape, and for a graph that was freed
   */
  backward(gradient?: Tensor | BackwardOptions | null, options: BackwardOptions = {}): void {
    const own: BackwardOptions = isTensor(gradient) ? { ...options, gradient } : { ...gradient, ...options };
    const { gradient: given = null, createGraph = false, inputs = null } = own;
    for (const one of [given, ...(inputs ?? [])])
      if (one !== null && !isTensor(one))
        throw new NoduleTrainError('torch', `backward(): found ${typeof one}, expected a Tensor`);
    try {
      native().backward(
        slotOf(this),
        given === null ? null : slotOf(given),
        own.retainGraph ?? createGraph,
        createGraph,
        inputs === null ? null : inputs.map(slotOf),
      );
    } catch (cause) {
      throw torchError(cause, 'backward()');
    }
  }

  /** Frees the memory now, unless another tensor shares it. Views returned by `data()` are detached. */
  dispose(): void {
    if (this.#slot < 0) return;
    forget(this);
    native().dispose(this.#release());
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Returns the only element. @throws NoduleTrainError `torch` unless there is one, within 2^53 */
  item(): number | boolean {
    const slot = slotOf(this);
    if (this.numel !== 1)
      throw new NoduleTrainError('torch', `item(): the tensor has shape [${this.shape}], expected one element`);
    try {
      return native().item(slot);
    } catch (cause) {
      throw torchError(cause);
    }
  }

  /**
   * Returns the values as nested arrays, or a scalar for a 0-dim tensor.
   * @throws NoduleTrainError `torch` beyond 2^53, or where the arrays would not fit into JavaScript's heap
   */
  toArray(): NestedArray {
    checkArraySize(this.shape);
    if (this.dtype === 'float16' || this.dtype === 'bfloat16') {
      const wide = this.to('float32');
      const array = wide.toArray();
      wide.dispose();
      return array;
    }
    let bytes: ArrayBuffer;
    try {
      bytes = native().copyBytes(slotOf(this));
    } catch (cause) {
      throw torchError(cause, 'toArray()');
    }
    return nestedArray(typedArrayOf(this.dtype, bytes), this.shape, this.dtype);
  }

  /**
   * Returns a view of libtorch's memory, without a copy; writing to it changes the tensor. Detached on `dispose()`.
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
   * Copies the values off this thread, after the asynchronous calls before it. The tensor may be disposed at once, but
   * must not be written to until the promise resolves.
   */
  async dataAsync(): Promise<TypedArray> {
    const { dtype } = this;
    try {
      return typedArrayOf(dtype, await native().copyBytesAsync(slotOf(this), null));
    } catch (cause) {
      throw torchError(cause, 'dataAsync()');
    }
  }

  /** As `toArray`, with the copy made off this thread (see `dataAsync`) and the arrays built in slices below 10 ms. */
  async toArrayAsync(): Promise<NestedArray> {
    const { dtype, shape } = this;
    checkArraySize(shape);
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
   * Offers this tensor's memory, without a copy, to other threads of the process. The token is plain data for
   * `postMessage` or `workerData`; `fromShared(token)` takes the tensor there, as often as `uses` says. Each thread then
   * sees what the others write. The memory lives until the last use, `revokeShared(token)` or the end of this thread,
   * and can no longer grow.
   * @param options.uses how often the token may be taken (1), or `'many'`, for the threads of a pool
   * @throws NoduleTrainError `share` if the tensor has a graph, which belongs to this thread
   */
  share(options: ShareOptions = {}): SharedTensor {
    return shareSlot(slotOf(this), options);
  }

  /** Converts to a dtype or copies to a device; returns a Tensor over the same memory if nothing changes. */
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
  /** Sum of all elements, or over the given dimensions. */
  sum(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? A.sum(this) : A.sum(this, typeof dim === 'number' ? [dim] : dim, keepdim);
  }
  /** Mean of all elements, or over the given dimensions. */
  mean(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? A.mean(this) : A.mean(this, typeof dim === 'number' ? [dim] : dim, keepdim);
  }
  /** Largest of all elements, or along the given dimensions (without positions, as PyTorch's `amax`). */
  max(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? A.max(this) : A.amax(this, typeof dim === 'number' ? [dim] : dim, keepdim);
  }
  /** Smallest of all elements, or along the given dimensions (without positions, as PyTorch's `amin`). */
  min(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? A.min(this) : A.amin(this, typeof dim === 'number' ? [dim] : dim, keepdim);
  }
  argmax(dim?: number, keepdim = false): Tensor {
    return A.argmax(this, dim, keepdim);
  }
  reshape(...shape: number[] | [readonly number[]]): Tensor {
    return A.reshape(this, listOf(shape));
  }
  view(...shape: number[] | [readonly number[]]): Tensor {
    return A.view(this, listOf(shape));
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
  permute(...dims: number[] | [readonly number[]]): Tensor {
    return A.permute(this, listOf(dims));
  }
  transpose(dim0: number, dim1: number): Tensor {
    return A.transpose(this, dim0, dim1);
  }
  expand(...shape: number[] | [readonly number[]]): Tensor {
    return A.expand(this, listOf(shape));
  }
  /** Returns a view of positions start … end - 1 of a dimension; negative ones count from the end. */
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
   * Indexes the leading dimensions with one item each: `x[1, 2:5, :]` in Python is `x.index(1, [2, 5], null)`. Ranges
   * may be strided and negative as NumPy's. Ranges with a negative step and tensors return a copy, the others a view.
   * @throws NoduleTrainError `index` if an item is not an index or out of range
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
  /** Copies the values of `source` into this tensor, broadcast and converted. */
  copy_(source: Tensor): this {
    return A.copyInPlace(this, source) as this;
  }

  /** Whether shape, dtype and every value are equal; NaN is not. */
  equal(other: Tensor): boolean {
    if (!isTensor(other) || other.dtype !== this.dtype || other.device !== this.device) return false;
    return A.equal(this, other) as unknown as boolean;
  }
  /**
   * Whether |this − other| ≤ atol + rtol × |other| for every value, as `torch.allclose`.
   * @throws NoduleTrainError `torch` for shapes that cannot be broadcast, or different dtypes
   */
  allclose(other: Tensor, { rtol = 1e-5, atol = 1e-8, equalNan = false }: Closeness = {}): boolean {
    return A.allclose(this, other, rtol, atol, equalNan) as unknown as boolean;
  }

  toString(): string {
    return this[inspect.custom]();
  }
  /**
   * The number of a tensor with one element, so that `a > b` and `+a` mean its value.
   * @throws NoduleTrainError `torch` for any other tensor, which JavaScript would compare and add as text
   */
  [Symbol.toPrimitive](hint: 'number' | 'string' | 'default'): number | boolean | string {
    if (hint === 'string') return this.toString();
    if (this.numel === 1) return this.item();
    throw new NoduleTrainError(
      'torch',
      `using a Tensor as a number: it has shape [${this.shape}], expected one element. JavaScript has no operators ` +
        'for tensors: call add(), gt() and others.',
    );
  }
  /** Nested arrays, for `JSON.stringify`. @throws NoduleTrainError `torch` above 2^20 elements */
  toJSON(): NestedArray {
    if (this.numel > MOST_IN_JSON)
      throw new NoduleTrainError(
        'torch',
        `JSON.stringify(): a Tensor of shape [${this.shape}] has more than ${MOST_IN_JSON} elements. Save it with ` +
          'saveTensors(), or call toArray() first.',
      );
    return this.toArray();
  }
  [inspect.custom](): string {
    return printTensor(this);
  }
}

installMethods(Tensor.prototype);
installConversions(Tensor.prototype);
