import { NoduleTrainError, quoted } from '../../../runtime/index.js';
import { type DType, dtypes } from '../../tensor/dtype.js';
import type { Tensor } from '../../tensor/tensor.js';
import { MOST_DIMENSIONS, type Spend, TENSOR_COST } from '../allowance.js';
import { COST, PickleGlobal } from './pickleMachine.js';

export const dtypeOfStorage: Record<string, DType> = {
  'torch.FloatStorage': 'float32',
  'torch.DoubleStorage': 'float64',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
  'torch.IntStorage': 'int32',
  'torch.ShortStorage': 'int16',
  'torch.CharStorage': 'int8',
  'torch.ByteStorage': 'uint8',
  'torch.BoolStorage': 'bool',
};

/** A storage of the file, whose bytes are read after the pickle. */
export class Storage {
  /** The values as a 1-dim tensor, once read. */
  tensor: Tensor | null = null;
  constructor(
    readonly key: string,
    readonly dtype: DType,
    readonly elements: number,
  ) {}
}

/** A tensor of the pickle, before the bytes of its storage are read. */
export class PendingTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly sizes: readonly number[],
    readonly strides: readonly number[],
    readonly requiresGrad: boolean,
  ) {}
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= MOST_DIMENSIONS && value.every(isSize);

/** Returns the globals that a file of tensors, dicts, lists and numbers needs; every other name is refused. */
export const torchGlobals = (what: string, spend: Spend): Map<string, PickleGlobal> => {
  const refuse = (found: string): never => {
    throw new NoduleTrainError('pickle', `reading ${what}: ${found}`);
  };
  const globals = new Map<string, PickleGlobal>();
  const add = (name: string, build: ((args: readonly unknown[]) => unknown) | null): void => {
    globals.set(name, new PickleGlobal(name, build));
  };

  /** Arguments: storage, offset, sizes, strides, requires_grad, backward_hooks and, optionally, metadata. */
  const rebuildTensor = (args: readonly unknown[]): PendingTensor => {
    const [storage, offset, sizes, strides, requiresGrad, , metadata] = args;
    if (
      !(storage instanceof Storage) ||
      !isSize(offset) ||
      !isSizes(sizes) ||
      !isSizes(strides) ||
      sizes.length !== strides.length
    )
      return refuse('a tensor has no valid storage, offset, shape or strides');
    if (metadata instanceof Map && metadata.size > 0)
      return refuse('a tensor is a conjugate or a negative view, which is not supported. Save tensor.clone().');
    if (!Number.isSafeInteger(sizes.reduce((product, size) => product * Math.max(size, 1), 8)))
      return refuse(`a tensor has the shape [${sizes}], which does not fit into memory`);
    const last = sizes.reduce((place, size, dim) => place + (size - 1) * strides[dim]!, offset);
    if (sizes.includes(0) ? offset > storage.elements : !(last < storage.elements))
      return refuse(
        `a tensor of shape [${sizes}] reaches element ${last} of storage ${quoted(storage.key)}, ` +
          `which has ${storage.elements}`,
      );
    spend(TENSOR_COST + 2 * COST.item * sizes.length);
    // Copies, as the pickle may append to its lists later.
    return new PendingTensor(storage, offset, [...sizes], [...strides], requiresGrad === true);
  };
  const itemsOf = (name: string, value: unknown): readonly unknown[] => {
    if (value !== undefined && !Array.isArray(value)) return refuse(`${name} is made from a value that is not a list`);
    spend(COST.mapItem * (value?.length ?? 0));
    return value ?? [];
  };

  for (const name of Object.keys(dtypeOfStorage)) add(name, null);
  for (const name of dtypes) add(`torch.${name}`, null);
  add('collections.OrderedDict', ([value]) => {
    const items = itemsOf('an OrderedDict', value);
    const pairs = items.every((item): item is [unknown, unknown] => Array.isArray(item) && item.length === 2);
    return pairs
      ? new Map(items as [unknown, unknown][])
      : refuse('an OrderedDict is made from items that are not pairs');
  });
  for (const name of ['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2']) add(name, rebuildTensor);
  add('torch._utils._rebuild_parameter', ([data, requiresGrad]) => {
    if (!(data instanceof PendingTensor)) return refuse('a parameter has no tensor');
    spend(TENSOR_COST);
    return new PendingTensor(data.storage, data.offset, data.sizes, data.strides, requiresGrad === true);
  });
  add('torch.Size', ([sizes]) => (isSizes(sizes) ? [...sizes] : refuse('a torch.Size is not a list of sizes')));
  add('torch.device', ([type, index]) => {
    if (typeof type !== 'string' || type.length > 32 || !(index === undefined || isSize(index)))
      return refuse('a torch.device has no type');
    return index === undefined ? type : `${type}:${index}`;
  });
  for (const name of ['builtins.set', '__builtin__.set']) add(name, ([value]) => new Set(itemsOf('a set', value)));
  // Protocol 2 writes bytes this way.
  add('_codecs.encode', ([value]) => {
    if (typeof value !== 'string') return refuse('bytes are made from a value that is not a string');
    spend(COST.bytes + value.length);
    return Uint8Array.from(value, (letter) => letter.charCodeAt(0));
  });
  return globals;
};

/** Reads a persistent id: ('storage', type, key, location, elements) and, in legacy files, a view. */
export const readStorageId = (what: string, id: unknown): Storage => {
  const [kind, type, key, , elements, view] = Array.isArray(id) ? id : [];
  const dtype = type instanceof PickleGlobal ? dtypeOfStorage[type.name] : undefined;
  if (
    kind !== 'storage' ||
    dtype === undefined ||
    typeof key !== 'string' ||
    !isSize(elements) ||
    (view ?? null) !== null
  )
    throw new NoduleTrainError('pickle', `reading ${what}: a storage has an unknown description`);
  return new Storage(key, dtype, elements);
};

/** Returns the storage of an id: one for each key, with one dtype and size. */
export const storageOf = (what: string, storages: Map<string, Storage>, id: unknown): Storage => {
  const found = readStorageId(what, id);
  const known = storages.get(found.key);
  if (known === undefined) {
    storages.set(found.key, found);
    return found;
  }
  if (known.dtype !== found.dtype || known.elements !== found.elements)
    throw new NoduleTrainError(
      'pickle',
      `reading ${what}: storage ${quoted(found.key)} is ${known.elements} of ${known.dtype} in one place ` +
        `and ${found.elements} of ${found.dtype} in another`,
    );
  return known;
};
