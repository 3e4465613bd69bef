import fs from 'node:fs';
import { NoduleTrainError } from '../../runtime/error.js';
import { unreadable } from './loadTensors.js';
import { readPickle } from './pickleReader.js';
import { bytesPerElement, tensorFromBytes } from './tensorBytes.js';
import { materialize, readStorageId, type Storage, torchGlobals } from './torchPickle.js';
import { readZip } from './zipEntries.js';

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

const readArchive = (path: string, bytes: Uint8Array): unknown => {
  const entries = readZip(path, bytes);
  const pickle = [...entries.keys()].find((name) => name.endsWith('/data.pkl') || name === 'data.pkl');
  if (pickle === undefined)
    throw new NoduleTrainError('pt', `${path} is a zip archive without data.pkl, so torch.save did not write it`);
  const root = pickle.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`))
    throw new NoduleTrainError('pt', `${path} is a TorchScript program, wanted is a file of torch.save with tensors`);
  const order = entries.get(`${root}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order) !== 'little')
    throw new NoduleTrainError('pt', `${path} was written on a big-endian machine, which is not read here`);
  const storages = new Map<string, Storage>();
  const { value } = readPickle(entries.get(pickle)!, 0, {
    what: path,
    globals: torchGlobals(path),
    persistentLoad: (id) => {
      const found = readStorageId(path, id);
      const known = storages.get(found.key);
      if (known !== undefined) return known;
      const data = entries.get(`${root}data/${found.key}`);
      if (data === undefined || data.length !== found.elements * bytesPerElement[found.dtype])
        throw new NoduleTrainError(
          'pt',
          `${path}: storage ${found.key} has ${data?.length ?? 'no'} bytes, wanted are ${found.elements} of ${found.dtype}`,
        );
      found.tensor = tensorFromBytes(data, found.dtype, [found.elements]);
      storages.set(found.key, found);
      return found;
    },
  });
  return finish(path, value, storages);
};

const readLegacy = (path: string, bytes: Uint8Array): unknown => {
  const storages = new Map<string, Storage>();
  const options = {
    what: path,
    globals: torchGlobals(path),
    persistentLoad: (id: unknown) => {
      const found = readStorageId(path, id);
      const known = storages.get(found.key) ?? found;
      storages.set(found.key, known);
      return known;
    },
  };
  let place = 0;
  const next = (): unknown => {
    const { value, end } = readPickle(bytes, place, options);
    place = end;
    return value;
  };
  if (next() !== LEGACY_MAGIC) throw new NoduleTrainError('pt', `${path} is no file of torch.save`);
  if (next() !== 1001)
    throw new NoduleTrainError('pt', `${path} has a version of torch.save's format that is not known`);
  const system = next();
  if (system instanceof Map && system.get('little_endian') === false)
    throw new NoduleTrainError('pt', `${path} was written on a big-endian machine, which is not read here`);
  const value = next();
  const keys = next();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = storages.get(key);
    if (storage === undefined) throw new NoduleTrainError('pt', `${path}: storage ${String(key)} belongs to no tensor`);
    const length = storage.elements * bytesPerElement[storage.dtype];
    if (place + 8 + length > bytes.length || Number(view.getBigInt64(place, true)) !== storage.elements)
      throw new NoduleTrainError('pt', `${path} is cut off or damaged in storage ${storage.key}`);
    storage.tensor = tensorFromBytes(bytes.subarray(place + 8, place + 8 + length), storage.dtype, [storage.elements]);
    place += 8 + length;
  }
  return finish(path, value, storages);
};

/** The tensors are views that keep their storage; the flat tensors they were made from are no longer needed. */
const finish = (path: string, value: unknown, storages: ReadonlyMap<string, Storage>): unknown => {
  const result = materialize(path, value);
  for (const storage of storages.values()) storage.tensor?.dispose();
  return result;
};

const parse = (path: string, bytes: Uint8Array): unknown => {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return readArchive(path, bytes);
  if (bytes[0] === 0x80) return readLegacy(path, bytes);
  throw new NoduleTrainError('pt', `${path} is no file of torch.save: it begins like neither of its two formats`);
};

/**
 * Reads a file of Python's `torch.save`, in today's zip format or the legacy one, without executing anything: dicts become
 * Maps (a state_dict is a `Map<string, Tensor>`), lists and tuples arrays.
 * @throws NoduleTrainError `pickle-global` naming a class or function that is not plain data, `pickle`, `pt`, `zip`, `read-failed`
 */
export async function loadPt(path: string): Promise<unknown> {
  const bytes = await fs.promises.readFile(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  return parse(path, bytes);
}

/** As {@link loadPt}, blocking. */
export function loadPtSync(path: string): unknown {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return parse(path, bytes);
}
