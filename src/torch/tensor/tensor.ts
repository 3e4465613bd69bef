import { inspect } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import type { Operand } from '../operators/operatorArguments.js';
import { lazyOp } from '../operators/operators.js';
import type { TensorMethods } from '../operators/operatorTypes.generated.js';
import { shown } from '../shown.js';
import { torchError } from '../torchError.js';
import { installConversions, type TensorConversions } from './conversions.js';
import {
  type ArrayOf,
  type Device,
  type DType,
  type ItemOf,
  isDType,
  type TypedArray,
  typedArrayOf,
  type ValueOf,
} from './dtype.js';
import type { IndexItem } from './indexItem.js';
import { indexTensor, setIndex } from './indexTensor.js';
import { installMethods } from './installMethods.js';
import type { ArrayOfDims, Dims, NestedArray } from './nestedArray.js';
import { printTensor } from './printTensor.js';
import { checkDType, readArray, readArrayAsync, readDataAsync, readItem, readJson, readNumber } from './readTensor.js';
import { type SharedTensor, type ShareOptions, shareSlot } from './share.js';
import { forget, isTensor, lendInside, ownedFromSlot, slotOf } from './tensorHandle.js';

export { fromSlot, isTensor, ownedFromSlot, shapeChanged, slotOf } from './tensorHandle.js';

const A = {
  max: lazyOp('aten::max'),
  min: lazyOp('aten::min'),
  amax: lazyOp('aten::amax'),
  amin: lazyOp('aten::amin'),
  equal: lazyOp('aten::equal'),
  allclose: lazyOp('aten::allclose'),
  reshape: lazyOp('aten::reshape'),
  view: lazyOp('aten::view'),
  permute: lazyOp('aten::permute'),
  expand: lazyOp('aten::expand'),
  toDtype: lazyOp('aten::to.dtype'),
  toDevice: lazyOp('aten::to.dtype_layout'),
  slice: lazyOp('aten::slice'),
};

/** The list of `view(2, 3)` or `view([2, 3])`. */
const listOf = (given: number[] | [readonly number[]]): readonly number[] =>
  Array.isArray(given[0]) ? given[0] : (given as number[]);

/** Named arguments of `max` and `min`. */
interface Keepdim {
  keepdim?: boolean | undefined;
}

const extreme = (
  tensor: Tensor,
  ofAll: (tensor: Tensor) => Tensor,
  along: (tensor: Tensor, dims: readonly number[], keepdim: boolean) => Tensor,
  dim: number | readonly number[] | null | undefined,
  keepdim: boolean | Keepdim,
): Tensor => {
  if (dim === undefined || dim === null) return ofAll(tensor);
  const keeps = typeof keepdim === 'object' && keepdim !== null ? (keepdim.keepdim ?? false) : keepdim;
  return along(tensor, typeof dim === 'number' ? [dim] : dim, keeps);
};

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
  rtol?: number | undefined;
  atol?: number | undefined;
  /** Whether NaN equals NaN. */
  equalNan?: boolean | undefined;
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

declare const DTYPE: unique symbol;

// The methods that installMethods() and installConversions() add below.
export interface Tensor<D extends DType = DType> extends TensorMethods<D>, TensorConversions<D> {
  // Exists for the types only, and as a method because the parameters of methods are compared in both directions: a
  // Tensor of unknown dtype may then be assigned to one of float32, but one of bool may not.
  [DTYPE]?(dtype: D): void;
}

/**
 * A libtorch tensor, with PyTorch's shape, dtype and device. Made by `tensor()`, `zeros()`, `fromData()` … The types
 * follow the dtype where it is certain: `fromData(new Int16Array(4)).data()` is an Int16Array.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: they add every method of the interface
export class Tensor<D extends DType = DType> {
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
    if (typeof requires !== 'boolean')
      throw new NoduleTrainError('torch', `setting requiresGrad: found ${shown(requires)}, expected true or false`);
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

  /**
   * Returns the only element: a boolean of a bool tensor, else a number.
   * @param dtype expected dtype, checked, for a tensor whose dtype is unknown to the types
   * @throws NoduleTrainError `torch` unless there is one element, within 2^53
   */
  item<K extends DType>(this: Tensor<K>): ItemOf<K>;
  item<K extends DType>(dtype: K): ItemOf<K>;
  item(dtype?: DType): number | boolean {
    return readItem(this, dtype);
  }

  /**
   * Returns the values as nested arrays, or a scalar for a 0-dim tensor.
   * @param dims expected number of dimensions, checked, so that the type of the result is exact: `toArray(1)` is a
   *   number[]
   * @throws NoduleTrainError `torch` beyond 2^53, or where the arrays would not fit into JavaScript's heap
   */
  toArray<K extends DType>(this: Tensor<K>): NestedArray<ValueOf<K>>;
  toArray<K extends DType, N extends Dims>(this: Tensor<K>, dims: N): ArrayOfDims<ItemOf<K>, N>;
  toArray(dims?: Dims): NestedArray | NestedArray[] {
    return readArray(this, dims);
  }

  /**
   * Returns a view of libtorch's memory, without a copy; writing to it changes the tensor. Detached on `dispose()`.
   * int64 comes as a BigInt64Array, bool as a Uint8Array, float16 as a Float16Array where Node has it (24), else as its
   * bits in a Uint16Array, bfloat16 as its bits in a Uint16Array.
   * @param dtype expected dtype, checked, for a tensor whose dtype is unknown to the types
   * @throws NoduleTrainError `torch` unless the tensor is contiguous and on the CPU
   */
  data<K extends DType>(this: Tensor<K>): ArrayOf<K>;
  data<K extends DType>(dtype: K): ArrayOf<K>;
  data(dtype?: DType): TypedArray {
    if (dtype !== undefined) checkDType(this, dtype, 'data');
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
   * @param expected dtype of the tensor, as in `data()`
   */
  dataAsync<K extends DType>(this: Tensor<K>): Promise<ArrayOf<K>>;
  dataAsync<K extends DType>(expected: K): Promise<ArrayOf<K>>;
  async dataAsync(expected?: DType): Promise<TypedArray> {
    return readDataAsync(this, expected);
  }

  /** As `toArray`, with the copy made off this thread (see `dataAsync`) and the arrays built in slices below 10 ms. */
  toArrayAsync<K extends DType>(this: Tensor<K>): Promise<NestedArray<ValueOf<K>>>;
  toArrayAsync<K extends DType, N extends Dims>(this: Tensor<K>, dims: N): Promise<ArrayOfDims<ItemOf<K>, N>>;
  async toArrayAsync(dims?: Dims): Promise<NestedArray> {
    return readArrayAsync(this, dims);
  }

  /**
   * Offers this tensor's memory, without a copy, to other threads of the process. The token is plain data for
   * `postMessage` or `workerData`; `fromShared(token)` takes the tensor there, as often as `uses` says. Each thread
   * then sees what the others write. The memory lives until the last use, `revokeShared(token)` or the end of this
   * thread, and can no longer grow.
   * @param options.uses how often the token may be taken (1), or `'many'`, for the threads of a pool
   * @throws NoduleTrainError `share` if the tensor has a graph, which belongs to this thread
   */
  share(options: ShareOptions = {}): SharedTensor {
    return shareSlot(slotOf(this), options);
  }

  /** Converts to a dtype or copies to a device; returns a Tensor over the same memory if nothing changes. */
  to<K extends DType>(dtype: K): Tensor<K>;
  to(device: Device): Tensor<D>;
  to(target: DType | Device): Tensor;
  to(target: DType | Device): Tensor {
    if (typeof target !== 'string')
      throw new NoduleTrainError('torch', `to(): found ${shown(target)}, expected a dtype or a device, such as 'cuda'`);
    return isDType(target) ? A.toDtype(this, target) : A.toDevice(this, { device: target });
  }

  /** Largest of all elements, or along the given dimensions (without positions, as PyTorch's `amax`). */
  max(dim?: number | readonly number[] | null, keepdim: boolean | Keepdim = false): Tensor<D> {
    return extreme(this, A.max, A.amax, dim, keepdim) as Tensor<D>;
  }
  /** Smallest of all elements, or along the given dimensions (without positions, as PyTorch's `amin`). */
  min(dim?: number | readonly number[] | null, keepdim: boolean | Keepdim = false): Tensor<D> {
    return extreme(this, A.min, A.amin, dim, keepdim) as Tensor<D>;
  }
  reshape(...shape: number[] | [readonly number[]]): Tensor<D> {
    return A.reshape(this, listOf(shape)) as Tensor<D>;
  }
  view(...shape: number[] | [readonly number[]]): Tensor<D> {
    return A.view(this, listOf(shape)) as Tensor<D>;
  }
  permute(...dims: number[] | [readonly number[]]): Tensor<D> {
    return A.permute(this, listOf(dims)) as Tensor<D>;
  }
  expand(...shape: number[] | [readonly number[]]): Tensor<D> {
    return A.expand(this, listOf(shape)) as Tensor<D>;
  }
  /** Returns a view of positions start … end - 1 of a dimension; negative ones count from the end. */
  slice(dim: number, start: number | null = null, end: number | null = null, step = 1): Tensor<D> {
    return A.slice(this, dim, start, end, step) as Tensor<D>;
  }

  /**
   * Indexes the leading dimensions with one item each: `x[1, 2:5, :]` in Python is `x.index(1, slice(2, 5), ':')`. An
   * item is a position, `slice()`, `':'`, `'...'`, null (`newaxis`), a list of positions or booleans, or a Tensor.
   * Ranges with a negative step, lists and tensors return a copy, the others a view.
   * @throws NoduleTrainError `index` if an item is not an index or out of range
   */
  index(...items: IndexItem[]): Tensor<D> {
    return indexTensor(this, items) as Tensor<D>;
  }
  /**
   * Writes a number or the values of a tensor, broadcast, to the elements of `index(...items)`: `x[1, 2:5] = value` in
   * Python is `x.setIndex([1, slice(2, 5)], value)`.
   * @throws NoduleTrainError `index` if an item is not an index or out of range, `torch` if the value does not fit
   */
  setIndex(items: readonly IndexItem[], value: Operand): this {
    setIndex(this, items, value);
    return this;
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
    return hint === 'string' ? this.toString() : readNumber(this);
  }
  /**
   * Nested arrays, for `JSON.stringify`, which writes NaN and infinities as null.
   * @throws NoduleTrainError `torch` above 2^20 elements
   */
  toJSON(): NestedArray {
    return readJson(this);
  }
  /** What `util.inspect` and the console show: the head and values, or below the depth of inspection the head. */
  [inspect.custom](depth?: number): string {
    return printTensor(this, depth !== undefined && depth < 0);
  }
}

installMethods(Tensor.prototype);
installConversions(Tensor.prototype);
