import { NoduleTrainError } from '../../../runtime/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import { viewOfStorage } from '../tensorBytes.js';
import { PickleGlobal } from './pickleMachine.js';
import { PendingTensor, Storage } from './torchPickle.js';

// Python's own pickler stops at about half of it, and what walks through the value later may be recursive.
const MOST_LEVELS = 1000;

type Container = unknown[] | Map<unknown, unknown> | Set<unknown>;
const isContainer = (value: unknown): value is Container =>
  Array.isArray(value) || value instanceof Map || value instanceof Set;

/**
 * Replaces what stands for tensors by tensors, everywhere in the value, and dtypes by their names; without recursion, as the
 * nesting is the file's choice. The storages' tensors are there.
 * @throws NoduleTrainError `pickle` where the value holds itself, is nested too deep, or holds what is no data
 */
export const materialize = (what: string, value: unknown): unknown => {
  const tensors = new Map<PendingTensor, Tensor>();
  const refuse = (found: string): never => {
    throw new NoduleTrainError('pickle', `${what}: ${found}`);
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
      return item.name.startsWith('torch.') ? item.name.slice(6) : refuse(`${item.name} itself is no data`);
    if (item instanceof Storage) return refuse('a storage without a tensor is not read here');
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
  // Depth first with the way down from the root, to tell what holds itself from what is only held twice.
  const done = new Set<Container>();
  const onTheWay = new Set<Container>([root]);
  const way: { container: Container; items: Iterator<unknown> }[] = [];
  const enter = (container: Container): void => {
    resolveItems(container);
    onTheWay.add(container);
    way.push({ container, items: container.values() });
  };
  try {
    enter(root);
    for (let here = way[0]; here !== undefined; here = way[way.length - 1]) {
      const { value: item, done: finished } = here.items.next();
      if (finished === true) {
        onTheWay.delete(here.container);
        done.add(here.container);
        way.pop();
      } else if (isContainer(item) && !done.has(item)) {
        if (onTheWay.has(item)) refuse('the value holds itself');
        if (way.length > MOST_LEVELS) refuse(`the value is nested more than ${MOST_LEVELS} levels deep`);
        enter(item);
      }
    }
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return root[0];
};
