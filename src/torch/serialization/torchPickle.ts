import { NoduleTrainError } from '../../runtime/error.js';
import type { DType } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { PickleGlobal } from './pickleReader.js';
import { viewOfStorage } from './tensorBytes.js';

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

/** Stands for a storage of the file; its tensor is known only at the end of a legacy file. */
export interface Storage {
  key: string;
  dtype: DType;
  elements: number;
  /** Flat; set when its bytes are read. */
  tensor: Tensor | null;
}

/** A tensor of the pickle, before the bytes of its storage are there. */
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
const isSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every(isSize);

const isStorage = (value: unknown): value is Storage =>
  typeof value === 'object' && value !== null && 'key' in value && 'elements' in value;

const rebuildTensor = (what: string, args: readonly unknown[]): PendingTensor => {
  const [storage, offset, sizes, strides, requiresGrad] = args;
  if (!isStorage(storage) || !isSize(offset) || !isSizes(sizes) || !isSizes(strides) || sizes.length !== strides.length)
    throw new NoduleTrainError('pickle', `${what}: a tensor has no valid storage, offset, shape or strides`);
  const empty = sizes.includes(0);
  const last = sizes.reduce((place, size, dim) => place + (size - 1) * strides[dim]!, offset);
  if (!empty && !(last < storage.elements))
    throw new NoduleTrainError(
      'pickle',
      `${what}: a tensor of shape [${sizes}] reaches element ${last} of storage ${storage.key}, which has ${storage.elements}`,
    );
  return new PendingTensor(storage, offset, sizes, strides, requiresGrad === true);
};

/** All that a file of tensors, dicts, lists and numbers needs; every other name is refused. */
export const torchGlobals = (what: string): Map<string, PickleGlobal> => {
  const globals = new Map<string, PickleGlobal>();
  const add = (name: string, build: ((args: readonly unknown[]) => unknown) | null): void => {
    globals.set(name, new PickleGlobal(name, build));
  };
  for (const name of Object.keys(dtypeOfStorage)) add(name, null);
  add('collections.OrderedDict', (args) => {
    const items = args[0];
    return new Map(Array.isArray(items) ? (items as [unknown, unknown][]) : []);
  });
  add('torch._utils._rebuild_tensor', (args) => rebuildTensor(what, args));
  add('torch._utils._rebuild_tensor_v2', (args) => rebuildTensor(what, args));
  add('torch._utils._rebuild_parameter', ([data, requiresGrad]) => {
    if (!(data instanceof PendingTensor)) throw new NoduleTrainError('pickle', `${what}: a parameter has no tensor`);
    return new PendingTensor(data.storage, data.offset, data.sizes, data.strides, requiresGrad === true);
  });
  add('torch.Size', ([sizes]) => sizes ?? []);
  add('torch.device', (args) => args.map(String).join(':'));
  for (const name of ['builtins.set', '__builtin__.set'])
    add(name, ([items]) => new Set(Array.isArray(items) ? items : []));
  add('_codecs.encode', ([value]) => Uint8Array.from(String(value ?? ''), (letter) => letter.charCodeAt(0)));
  return globals;
};

/** ('storage', type, key, location, elements, …), the only persistent id there is. */
export const readStorageId = (what: string, id: unknown): Storage => {
  const [kind, type, key, , elements] = Array.isArray(id) ? id : [];
  const dtype = type instanceof PickleGlobal ? dtypeOfStorage[type.name] : undefined;
  if (kind !== 'storage' || dtype === undefined || typeof key !== 'string' || !isSize(elements))
    throw new NoduleTrainError('pickle', `${what}: a storage is described in a way that is not known`);
  return { key, dtype, elements, tensor: null };
};

/** Replaces what stands for tensors by tensors, everywhere in the value; without recursion, as nesting is the file's choice. */
export const materialize = (what: string, value: unknown): unknown => {
  const tensors = new Map<PendingTensor, Tensor>();
  const tensorFor = (pending: PendingTensor): Tensor => {
    const known = tensors.get(pending);
    if (known !== undefined) return known;
    if (pending.storage.tensor === null)
      throw new NoduleTrainError('pickle', `${what}: the bytes of storage ${pending.storage.key} are missing`);
    const tensor = viewOfStorage(pending.storage.tensor, pending.sizes, pending.strides, pending.offset);
    if (pending.requiresGrad) tensor.requiresGrad = true;
    tensors.set(pending, tensor);
    return tensor;
  };
  const root = [value];
  const seen = new Set<unknown>([root]);
  const open: (unknown[] | Map<unknown, unknown>)[] = [root];
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    for (const [key, item] of container.entries()) {
      if (item instanceof PendingTensor) {
        if (Array.isArray(container)) container[key as number] = tensorFor(item);
        else container.set(key, tensorFor(item));
      } else if ((Array.isArray(item) || item instanceof Map) && !seen.has(item)) {
        seen.add(item);
        open.push(item);
      }
    }
  }
  return root[0];
};
