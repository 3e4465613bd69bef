import { NoduleTrainError, quoted } from '../../../runtime/index.js';
import { allowance, type Spend } from '../allowance.js';
import { describeOther } from '../fileKind.js';
import type { FileSource } from '../fileSource.js';
import { bytesAt, type OpenFile, type Reading, readFile, readFileSync, tensorAt } from '../reading.js';
import { bytesOfStored, swapped, tensorFromBytes, viewDtype } from '../tensorBytes.js';
import { readZipDirectory } from '../zip/readZipDirectory.js';
import { readZipEntry } from '../zip/readZipEntry.js';
import { materialize } from './materialize.js';
import type { PickleOptions } from './pickleMachine.js';
import { readPickle } from './pickleReader.js';
import { type Storage, storageOf, torchGlobals } from './torchPickle.js';

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
const FIRST_PART_BYTES = 2 ** 20;

const refusePt = (path: string, what: string): never => {
  throw new NoduleTrainError('pt', `reading ${path}: ${what}`);
};

const pickleOptions = (path: string, storages: Map<string, Storage>, spend: Spend): PickleOptions => ({
  what: path,
  globals: torchGlobals(path, spend),
  persistentLoad: (id) => storageOf(path, storages, id),
  spend,
});

/** Reads the storages and makes the tensors. These are views that keep their storage, so the flat tensors are freed. */
function* withStorages(
  path: string,
  value: unknown,
  storages: Iterable<Storage>,
  read: (storage: Storage) => Reading<void>,
): Reading<unknown> {
  const all = [...storages];
  try {
    for (const storage of all) yield* read(storage);
    return materialize(path, value);
  } finally {
    for (const storage of all) storage.tensor?.dispose();
  }
}

function* readArchive(file: OpenFile): Reading<unknown> {
  const { path } = file;
  const spend = allowance(file, 'pt');
  const entries = yield* readZipDirectory(file, spend);
  const pickle = [...entries.values()].find(({ name }) => name.endsWith('/data.pkl') || name === 'data.pkl');
  if (pickle === undefined)
    return refusePt(path, 'it is a zip archive without data.pkl, so torch.save did not write it');
  const root = pickle.name.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`))
    return refusePt(path, 'it is a TorchScript program, expected tensors written by torch.save');
  const order = entries.get(`${root}byteorder`);
  const endian = order === undefined ? 'little' : new TextDecoder().decode(yield* readZipEntry(file, order, spend));
  if (endian !== 'little' && endian !== 'big')
    return refusePt(path, `it is damaged: its byte order is ${quoted(endian)}, expected little or big`);
  const isBigEndian = endian === 'big';
  const storages = new Map<string, Storage>();
  const options = pickleOptions(path, storages, spend);
  const { value } = readPickle(yield* readZipEntry(file, pickle, spend), 0, options);
  return yield* withStorages(path, value, storages.values(), function* (storage) {
    const { key, dtype, elements } = storage;
    const entry = entries.get(`${root}data/${key}`);
    if (entry?.bytes !== elements * bytesOfStored[dtype]!)
      return refusePt(
        path,
        `it is damaged: storage ${quoted(key)} has ${entry?.bytes ?? 'no'} bytes, expected ${elements} of ${dtype}`,
      );
    storage.isBigEndian = isBigEndian;
    const parts = isBigEndian ? partsOf(dtype) : undefined;
    const [type, count] = parts === undefined ? [dtype, elements] : [parts, 2 * elements];
    const values = entry.deflated
      ? tensorFromBytes(inOrder(yield* readZipEntry(file, entry, spend), type, isBigEndian), type, [count])
      : yield* tensorAt(entry.begin, type, [count], isBigEndian);
    storage.tensor = values;
    if (parts === undefined) return;
    storage.tensor = viewDtype(values, dtype);
    values.dispose();
  });
}

/** Dtype of the two parts of a complex number. */
const partsOf = (dtype: string): string | undefined => {
  const parts: Readonly<Record<string, string>> = { complex32: 'float16', complex64: 'float32', complex128: 'float64' };
  return Object.hasOwn(parts, dtype) ? parts[dtype] : undefined;
};

const inOrder = (bytes: Uint8Array, dtype: string, isBigEndian: boolean): Uint8Array =>
  isBigEndian ? swapped(bytes, bytesOfStored[dtype]!) : bytes;

interface LegacyHead {
  value: unknown;
  storages: Map<string, Storage>;
  keys: unknown;
  end: number;
}

/** The five pickles before the storages. */
const parseLegacyHead = (path: string, bytes: Uint8Array, spend: Spend): LegacyHead => {
  const storages = new Map<string, Storage>();
  const options = pickleOptions(path, storages, spend);
  let end = 0;
  const next = (): unknown => {
    const read = readPickle(bytes, end, options);
    end = read.end;
    return read.value;
  };
  if (next() !== LEGACY_MAGIC) return refusePt(path, 'it was not written by torch.save');
  if (next() !== LEGACY_PROTOCOL) return refusePt(path, "it has an unknown version of torch.save's legacy format");
  // What the machine was like: the values are little-endian on each.
  next();
  return { value: next(), keys: next(), storages, end };
};

/** Reads the pickles. Their end is not stored: reads a part, and twice as much while they are longer. */
function* readLegacyHead(file: OpenFile): Reading<LegacyHead> {
  for (let length = Math.min(file.size, FIRST_PART_BYTES); ; length = Math.min(file.size, 2 * length)) {
    const bytes = yield* bytesAt(file, 0, length);
    try {
      return parseLegacyHead(file.path, bytes, allowance(file, 'pt'));
    } catch (error) {
      if ((error as NoduleTrainError).code !== 'pickle-cut-off' || length === file.size) throw error;
    }
  }
}

function* readLegacy(file: OpenFile): Reading<unknown> {
  const { path, size } = file;
  const { value, storages, keys, end } = yield* readLegacyHead(file);
  const listed = Array.isArray(keys) ? keys : [];
  const left = new Map(storages);
  const ordered = listed.map((key): Storage => {
    const storage = left.get(key);
    left.delete(key);
    return (
      storage ??
      refusePt(
        path,
        `it is damaged: it lists ${typeof key === 'string' ? quoted(key) : 'a storage'} twice or for no tensor`,
      )
    );
  });
  if (left.size > 0) return refusePt(path, `it is damaged: it does not list storage ${quoted([...left.keys()][0]!)}`);
  let place = end;
  return yield* withStorages(path, value, ordered, function* (storage) {
    const { key, dtype, elements } = storage;
    const length = elements * bytesOfStored[dtype]!;
    if (!(place + 8 + length <= size) || Number((yield* bytesAt(file, place, 8)).readBigInt64LE()) !== elements)
      return refusePt(path, `it is truncated or damaged in storage ${quoted(key)}`);
    storage.tensor = yield* tensorAt(place + 8, dtype, [elements]);
    place += 8 + length;
  });
}

function* readPt(file: OpenFile): Reading<unknown> {
  const start = yield* bytesAt(file, 0, Math.min(9, file.size));
  const other = describeOther(start, 'torch.save');
  if (other !== null) return refusePt(file.path, `found ${other}, expected a file of torch.save`);
  if (start[0] === 0x50 && start[1] === 0x4b) return yield* readArchive(file);
  if (start[0] === 0x80) return yield* readLegacy(file);
  return refusePt(file.path, 'it was not written by torch.save: it begins like neither of the two formats');
}

/**
 * Reads a file written by Python's `torch.save`, in the zip or the legacy format, without executing anything. Dicts
 * become Maps (a state_dict is a `Map<string, Tensor>`), lists and tuples arrays (also as keys), dtypes their names,
 * complex numbers `{ re, im }`. Storages and arrays of NumPy become Tensors, its numbers numbers. Dtypes that this
 * package does not compute with (float8, unsigned, complex) are kept; most operators refuse them.
 * @throws NoduleTrainError `pickle-global` naming a class or function that is not plain data, `pickle`,
 *   `pickle-cut-off`, `pt`, `zip`, `read-failed`
 */
export const loadPt = (source: FileSource): Promise<unknown> => readFile(source, readPt);

/** Blocking version of {@link loadPt}. */
export const loadPtSync = (source: FileSource): unknown => readFileSync(source, readPt);
