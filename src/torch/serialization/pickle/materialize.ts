import { NoduleTrainError } from '../../../runtime/index.js';
import { lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bytesOfStored, tensorFromBytes, viewDtype, viewOfStorage } from '../tensorBytes.js';
import { NumpyArray, NumpyDtype } from './numpyPickle.js';
import { PickleGlobal } from './pickleMachine.js';
import { type ComplexNumber, PendingTensor, Storage } from './torchPickle.js';

// Python's pickler stops at about half of it, and code that walks the value later may be recursive.
const MOST_LEVELS = 1000;

const isComplex = (value: unknown): value is ComplexNumber =>
  typeof value === 'object' && value !== null && 're' in value && 'im' in value;

/**
 * Whether a value can be a key of a dict: a tuple is an array, which a Map finds by itself only.
 * @param known arrays that were found to be keys: nested tuples, each holding the next a thousand times, would take
 *   hours otherwise
 */
function isKey(key: unknown, known: Set<unknown[]>, depth = 0): boolean {
  if (!Array.isArray(key))
    return (
      key === null ||
      ['string', 'number', 'bigint', 'boolean'].includes(typeof key) ||
      key instanceof Uint8Array ||
      isComplex(key)
    );
  if (known.has(key)) return true;
  if (depth >= MOST_KEY_LEVELS || !key.every((item) => isKey(item, known, depth + 1))) return false;
  known.add(key);
  return true;
}
const MOST_KEY_LEVELS = 8;

const conjugate = lazyOp('aten::conj');
const negative = lazyOp('aten::_neg_view');

/** Views a flat tensor of bytes as another dtype, without the bytes that do not make up an element. */
function viewBytes(bytes: Tensor, dtype: string): Tensor {
  if (dtype === 'uint8') return bytes;
  // A bool byte other than 0 or 1 is undefined behaviour in every kernel.
  if (dtype === 'bool') return bytes.ne(0);
  const width = bytesOfStored[dtype]!;
  const whole = bytes.narrow(0, 0, bytes.numel - (bytes.numel % width));
  const viewed = viewDtype(whole, dtype);
  whole.dispose();
  return viewed;
}

type Container = unknown[] | Map<unknown, unknown> | Set<unknown>;
const isContainer = (value: unknown): value is Container =>
  Array.isArray(value) || value instanceof Map || value instanceof Set;

/**
 * Replaces pending tensors by tensors and dtypes by their names, everywhere in the value. Not recursive, as the file
 * chooses the nesting. The storages must have been read.
 * @throws NoduleTrainError `pickle` if the value contains itself, is nested too deeply, or contains something other
 *   than data
 */
export const materialize = (what: string, value: unknown): unknown => {
  const tensors = new Map<PendingTensor, Tensor>();
  const refuse = (found: string): never => {
    throw new NoduleTrainError('pickle', `reading ${what}: ${found}`);
  };
  const tensorFor = (pending: PendingTensor): Tensor => {
    const known = tensors.get(pending);
    if (known !== undefined) return known;
    const { storage, sizes, strides, offset, viewedAs, lazy } = pending;
    if (storage.isBigEndian && viewedAs !== null && bytesOfStored[viewedAs]! > 1)
      refuse(
        `a tensor of ${viewedAs} was written on a big-endian machine, which is not supported. Save it as another dtype.`,
      );
    const flat = viewedAs === null ? storage.tensor! : viewBytes(storage.tensor!, viewedAs);
    let tensor = viewOfStorage(flat, sizes, strides, offset);
    if (flat !== storage.tensor) flat.dispose();
    for (const name of lazy) {
      const before = tensor;
      tensor = name === 'conj' ? conjugate(before) : negative(before);
      before.dispose();
    }
    tensors.set(pending, tensor);
    if (pending.requiresGrad) {
      if (!/^(float|bfloat|complex)/.test(tensor.dtype)) refuse(`a tensor of ${tensor.dtype} cannot require gradients`);
      tensor.requiresGrad = true;
    }
    return tensor;
  };
  const others = new Map<object, Tensor>();
  const made = (tensor: Tensor): Tensor => {
    others.set(tensor, tensor);
    return tensor;
  };
  const arrayTensor = (array: NumpyArray): Tensor => {
    if (!array.isFinished) return refuse('an array of NumPy has no content');
    const known = others.get(array);
    if (known !== undefined) return known;
    const { bytes, dtype, shape, isFortran } = array;
    let tensor = tensorFromBytes(bytes, dtype, isFortran ? [...shape].reverse() : shape);
    if (isFortran && shape.length > 1) {
      const transposed = tensor.permute(...shape.map((_, dim) => shape.length - 1 - dim));
      tensor.dispose();
      tensor = transposed;
    }
    others.set(array, tensor);
    return tensor;
  };
  const resolved = (item: unknown): unknown => {
    if (item instanceof PendingTensor) return tensorFor(item);
    if (item instanceof PickleGlobal)
      return /^(torch|numpy)\.\w+$/.test(item.name) && item.build === null
        ? item.name.slice(6)
        : refuse(`found the class or function ${item.name}, expected plain data`);
    // A storage by itself: its values as one dimension.
    if (item instanceof Storage) return made(viewOfStorage(item.tensor!, [item.elements], [1], 0));
    if (item instanceof NumpyDtype) return item.tensorDtype;
    if (item instanceof NumpyArray) return arrayTensor(item);
    return item;
  };
  const resolveItems = (container: Container): void => {
    if (Array.isArray(container)) for (const [i, item] of container.entries()) container[i] = resolved(item);
    else if (container instanceof Set) {
      const items = [...container].map(resolved);
      container.clear();
      for (const item of items) container.add(item);
    } else resolveEntries(container);
  };
  const keys = new Set<unknown[]>();
  const resolveEntries = (container: Map<unknown, unknown>): void => {
    const isNamed = (key: unknown) => key instanceof PickleGlobal || key instanceof NumpyDtype;
    if ([...container.keys()].some(isNamed)) {
      // Keys that are dtypes become names, in the same order.
      const entries = [...container];
      container.clear();
      for (const [key, item] of entries) container.set(isNamed(key) ? resolved(key) : key, item);
    }
    for (const [key, item] of container) {
      if (!isKey(key, keys)) refuse('a key of a dict is not a number, a text or a tuple of these');
      container.set(key, resolved(item));
    }
  };

  const root: unknown[] = [value];
  // Depth first with the path from the root, to tell a value that contains itself from one that is only shared.
  const done = new Set<Container>();
  const onPath = new Set<Container>([root]);
  const path: { container: Container; items: Iterator<unknown> }[] = [];
  const enter = (container: Container): void => {
    resolveItems(container);
    onPath.add(container);
    path.push({ container, items: container.values() });
  };
  try {
    enter(root);
    for (let here = path[0]; here !== undefined; here = path[path.length - 1]) {
      const { value: item, done: finished } = here.items.next();
      if (finished === true) {
        onPath.delete(here.container);
        done.add(here.container);
        path.pop();
      } else if (isContainer(item) && !done.has(item)) {
        if (onPath.has(item)) refuse('the value contains itself');
        if (path.length > MOST_LEVELS) refuse(`the value is nested more than ${MOST_LEVELS} levels deep`);
        enter(item);
      }
    }
  } catch (error) {
    for (const tensor of [...tensors.values(), ...others.values()]) tensor.dispose();
    throw error;
  }
  return root[0];
};
