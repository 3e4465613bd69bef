import { NoduleTrainError, quoted } from '../../../runtime/index.js';
import type { DType } from '../../tensor/dtype.js';
import type { Tensor } from '../../tensor/tensor.js';
import { MOST_DIMENSIONS, type Spend, TENSOR_COST } from '../allowance.js';
import { bytesOfStored } from '../tensorBytes.js';
import { numpyGlobals } from './numpyPickle.js';
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

/** Storages of dtypes that this package reads without computing with them. */
const otherStorages: Readonly<Record<string, string>> = {
  'torch.ComplexFloatStorage': 'complex64',
  'torch.ComplexDoubleStorage': 'complex128',
  // Of tensors whose dtype is given beside, in bytes.
  'torch.storage.UntypedStorage': 'uint8',
  'torch.UntypedStorage': 'uint8',
};

const storageDtype = (name: string): string | undefined => {
  // Old files name the device in the class.
  const plain = name.replace(/^torch\.cuda\./, 'torch.');
  return Object.hasOwn(dtypeOfStorage, plain)
    ? dtypeOfStorage[plain]
    : Object.hasOwn(otherStorages, plain)
      ? otherStorages[plain]
      : undefined;
};

/** Names of dtypes that a file may mention, besides those of tensors. */
const OTHER_DTYPES = [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((bits) => [`int${bits}`, `uint${bits}`]),
  ...['bits1x8', 'bits2x4', 'bits4x2', 'bits8', 'bits16', 'qint8', 'quint8', 'qint32', 'quint4x2', 'quint2x4'],
];

/** A storage of the file, whose bytes are read after the pickle. */
export class Storage {
  /** The values as a 1-dim tensor, once read. */
  tensor: Tensor | null = null;
  isBigEndian = false;
  constructor(
    readonly key: string,
    readonly dtype: string,
    readonly elements: number,
  ) {}
}

type Lazy = 'conj' | 'neg';

/** A tensor of the pickle, before the bytes of its storage are read. */
export class PendingTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly sizes: readonly number[],
    readonly strides: readonly number[],
    readonly requiresGrad: boolean,
    /** Dtype of the elements in a storage of bytes; null: that of the storage. */
    readonly viewedAs: string | null = null,
    /** Operations that libtorch applies when the values are read. */
    readonly lazy: readonly Lazy[] = [],
  ) {}
}

/** A complex number of Python. */
export interface ComplexNumber {
  readonly re: number;
  readonly im: number;
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

  const latin1 = (value: string): Uint8Array => {
    spend(COST.bytes + value.length);
    return Uint8Array.from(value, (letter) => letter.charCodeAt(0));
  };

  /** Arguments: storage, offset, sizes, strides, requires_grad, backward_hooks and, optionally, metadata. */
  const rebuildTensor = (args: readonly unknown[]): PendingTensor => {
    const [storage, offset, sizes, strides, requiresGrad, , metadata] = args;
    return makeTensor({ storage, offset, sizes, strides, requiresGrad, metadata });
  };
  /** As `rebuildTensor`, with the dtype before the metadata: offset and strides count its elements, not bytes. */
  const rebuildTyped = (args: readonly unknown[]): PendingTensor => {
    const [storage, offset, sizes, strides, requiresGrad, , dtype, metadata] = args;
    const name = dtype instanceof PickleGlobal ? dtype.name.replace(/^torch\./, '') : '';
    if (!Object.hasOwn(bytesOfStored, name)) return refuse(`a tensor has the unsupported dtype ${quoted(name)}`);
    return makeTensor({ storage, offset, sizes, strides, requiresGrad, metadata }, name);
  };
  const makeTensor = (
    { storage, offset, sizes, strides, requiresGrad, metadata }: Readonly<Record<string, unknown>>,
    viewedAs: string | null = null,
  ): PendingTensor => {
    if (
      !(storage instanceof Storage) ||
      !isSize(offset) ||
      !isSizes(sizes) ||
      !isSizes(strides) ||
      sizes.length !== strides.length
    )
      return refuse('a tensor has no valid storage, offset, shape or strides');
    const lazy = metadata instanceof Map ? [...metadata.keys()].filter((name) => metadata.get(name) === true) : [];
    const odd = lazy.find((name) => name !== 'conj' && name !== 'neg');
    if (odd !== undefined) return refuse(`a tensor is of the unknown kind ${quoted(String(odd))}`);
    if (!Number.isSafeInteger(sizes.reduce((product, size) => product * Math.max(size, 1), 8)))
      return refuse(`a tensor has the shape [${sizes}], which does not fit into memory`);
    const elements = viewedAs === null ? storage.elements : Math.floor(storage.elements / bytesOfStored[viewedAs]!);
    if (viewedAs !== null && storage.dtype !== 'uint8')
      return refuse(`a tensor of ${viewedAs} has a storage of ${storage.dtype}, expected one of bytes`);
    const last = sizes.reduce((place, size, dim) => place + (size - 1) * strides[dim]!, offset);
    if (sizes.includes(0) ? offset > elements : !(last < elements))
      return refuse(
        `a tensor of shape [${sizes}] reaches element ${last} of storage ${quoted(storage.key)}, ` +
          `which has ${elements}`,
      );
    spend(TENSOR_COST + 2 * COST.item * sizes.length);
    // Copies, as the pickle may append to its lists later.
    return new PendingTensor(
      storage,
      offset,
      [...sizes],
      [...strides],
      requiresGrad === true,
      viewedAs,
      lazy as Lazy[],
    );
  };
  const itemsOf = (name: string, value: unknown): readonly unknown[] => {
    if (value !== undefined && !Array.isArray(value)) return refuse(`${name} is made from a value that is not a list`);
    spend(COST.mapItem * (value?.length ?? 0));
    return value ?? [];
  };

  for (const name of [...Object.keys(dtypeOfStorage), ...Object.keys(otherStorages)]) {
    add(name, null);
    add(name.replace(/^torch\.(?!storage)/, 'torch.cuda.'), null);
  }
  for (const name of [...Object.keys(bytesOfStored), ...OTHER_DTYPES]) add(`torch.${name}`, null);
  for (const name of ['torch.Tensor', 'torch.nn.parameter.Buffer']) add(name, null);
  add('collections.OrderedDict', ([value]) => {
    const items = itemsOf('an OrderedDict', value);
    const pairs = items.every((item): item is [unknown, unknown] => Array.isArray(item) && item.length === 2);
    return pairs
      ? new Map(items as [unknown, unknown][])
      : refuse('an OrderedDict is made from items that are not pairs');
  });
  add('collections.Counter', ([value]) => {
    if (value === undefined) return new Map();
    if (!(value instanceof Map)) return refuse('a Counter is made from a value that is not a dict');
    spend(COST.mapItem * value.size);
    return new Map(value);
  });
  for (const name of ['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2']) add(name, rebuildTensor);
  add('torch._utils._rebuild_tensor_v3', rebuildTyped);
  // With a state: attributes that Python code had set, which are ignored.
  for (const name of [
    'torch._utils._rebuild_parameter',
    'torch._utils._rebuild_parameter_with_state',
    // As PyTorch wrote until 0.3.
    'torch.nn.parameter.Parameter',
  ])
    add(name, ([data, requiresGrad = true]) => {
      if (!(data instanceof PendingTensor)) return refuse('a parameter has no tensor');
      spend(TENSOR_COST);
      const { storage, offset, sizes, strides, viewedAs, lazy } = data;
      return new PendingTensor(storage, offset, sizes, strides, requiresGrad === true, viewedAs, lazy);
    });
  // A tensor with attributes, such as torch.nn.Buffer: how it is rebuilt, its class, the arguments, the attributes.
  add('torch._tensor._rebuild_from_type_v2', ([rebuild, , args]) => {
    // Not of itself: nested calls would overflow the stack.
    const isNested = rebuild instanceof PickleGlobal && rebuild.name.endsWith('_rebuild_from_type_v2');
    if (!(rebuild instanceof PickleGlobal) || isNested || rebuild.build === null || !Array.isArray(args))
      return refuse('a tensor with attributes has no function that rebuilds it');
    return rebuild.build(args);
  });
  for (const kind of ['per_tensor_affine', 'per_tensor_symmetric', 'per_channel_affine', 'per_channel_symmetric'])
    add(`torch.${kind}`, null);
  add('torch.per_channel_affine_float_qparams', null);
  add('torch.serialization._get_layout', ([name]) =>
    typeof name === 'string' ? name.slice(0, 64).replace(/^torch\./, '') : refuse('a layout has no name'),
  );
  add('torch.Size', ([sizes]) => (isSizes(sizes) ? [...sizes] : refuse('a torch.Size is not a list of sizes')));
  add('torch.device', ([type, index]) => {
    if (typeof type !== 'string' || type.length > 32 || !(index === undefined || isSize(index)))
      return refuse('a torch.device has no type');
    return index === undefined ? type : `${type}:${index}`;
  });
  for (const module of ['builtins', '__builtin__']) {
    for (const name of ['set', 'frozenset'])
      add(`${module}.${name}`, ([value]) => new Set(itemsOf(`a ${name}`, value)));
    add(`${module}.complex`, ([re = 0, im = 0]): ComplexNumber => {
      if (typeof re !== 'number' || typeof im !== 'number') return refuse('a complex number is not made of numbers');
      return { re, im };
    });
    for (const name of ['bytes', 'bytearray'])
      add(`${module}.${name}`, ([value, encoding]) => {
        if (value === undefined) return new Uint8Array();
        if (value instanceof Uint8Array) {
          spend(COST.bytes + value.length);
          return new Uint8Array(value);
        }
        // Protocol 2 of Python 2.
        if (typeof value === 'string' && typeof encoding === 'string') return latin1(value);
        return refuse('a bytearray is not made of bytes');
      });
  }
  // Protocol 2 writes bytes this way.
  add('_codecs.encode', ([value]) =>
    typeof value === 'string' ? latin1(value) : refuse('bytes are made from a value that is not a string'),
  );
  for (const [name, build] of numpyGlobals(what)) add(name, build === null ? null : (args) => build(args, spend));
  return globals;
};

/** Reads a persistent id: ('storage', type, key, location, elements) and, in legacy files, a view. */
export const readStorageId = (what: string, id: unknown): Storage => {
  const [kind, type, key, , elements, view] = Array.isArray(id) ? id : [];
  const name = type instanceof PickleGlobal ? type.name : '';
  const dtype = storageDtype(name);
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
