import { NoduleTrainError } from '../../../runtime/index.js';
import { lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bytesOfStored, tensorFromBytes, viewOfStorage } from '../tensorBytes.js';
import { NumpyArray, NumpyDtype } from './numpyPickle.js';
import { PickleGlobal } from './pickleMachine.js';
import { PendingTensor, Storage } from './torchPickle.js';

// Python's pickler stops at about half of it, and code that walks the value later may be recursive.
const MOST_LEVELS = 1000;

/** A key of a dict: a tuple is an array, which a Map finds by itself only. */
const isKey = (key: unknown, depth = 0): boolean =>
  Array.isArray(key)
    ? depth < MOST_KEY_LEVELS && key.every((item) => isKey(item, depth + 1))
    : key === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof key) || key instanceof Uint8Array;
const MOST_KEY_LEVELS = 8;

const viewDtype = lazyOp('aten::view.dtype');
const conjugate = lazyOp('aten::conj');
const negative = lazyOp('aten::_neg_view');

/** Views a flat tensor of bytes as another dtype, without the bytes that do not make up an element. */
function viewBytes(bytes: Tensor, dtype: string): Tensor {
  if (dtype === 'uint8') return bytes;
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
    const flat = viewedAs === null ? storage.tensor! : viewBytes(storage.tensor!, viewedAs);
    let tensor = viewOfStorage(flat, sizes, strides, offset);
    if (flat !== storage.tensor) flat.dispose();
    for (const name of lazy) {
      const before = tensor;
      tensor = name === 'conj' ? conjugate(before) : negative(before);
      before.dispose();
    }
    tensors.set(pending, tensor);
    if (pending.requiresGrad) tensor.requiresGrad = true;
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
    } else
      for (const [key, item] of container) {
        if (!isKey(key)) refuse('a key of a dict is not a number, a text or a tuple of these');
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
