import { NoduleTrainError } from '../../../runtime/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import { viewOfStorage } from '../tensorBytes.js';
import { PickleGlobal } from './pickleMachine.js';
import { PendingTensor, Storage } from './torchPickle.js';

// Python's pickler stops at about half of it, and code that walks the value later may be recursive.
const MOST_LEVELS = 1000;

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
    const { storage, sizes, strides, offset } = pending;
    const tensor = viewOfStorage(storage.tensor!, sizes, strides, offset);
    tensors.set(pending, tensor);
    if (pending.requiresGrad) tensor.requiresGrad = true;
    return tensor;
  };
  const resolved = (item: unknown): unknown => {
    if (item instanceof PendingTensor) return tensorFor(item);
    if (item instanceof PickleGlobal)
      return item.name.startsWith('torch.')
        ? item.name.slice(6)
        : refuse(`found the class or function ${item.name}, expected plain data`);
    if (item instanceof Storage) return refuse('it contains a storage without a tensor, which is not supported');
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
        if (key instanceof PendingTensor || isContainer(key)) refuse('a key of a dict is a tensor, a list or a tuple');
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
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return root[0];
};
