import { NoduleTrainError, replaceFile, replaceFileSync } from '../../runtime/index.js';
import { shown } from '../shown.js';
import type { Tensor } from '../tensor/tensor.js';
import { type FilePath, pathOf } from './fileSource.js';
import { nameOfDtype } from './safetensorsHeader.js';
import { bytesPerElement, namedTensors, tensorsToBytes, tensorToBytes } from './tensorBytes.js';

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

interface Layout {
  head: Uint8Array;
  /** Tensors in the order of the file. */
  tensors: Tensor[];
}

const layOut = (tensors: NamedTensors, metadata: Readonly<Record<string, string>>): Layout => {
  const entries = namedTensors('saveTensors', tensors);
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== 'string')
      throw new NoduleTrainError('tensors', `saveTensors: metadata ${key} is ${shown(value)}, expected a string`);
  if (entries.some(([name]) => name === '__metadata__'))
    throw new NoduleTrainError(
      'tensors',
      'saveTensors: a tensor is named __metadata__, which the format reserves. Rename it.',
    );
  // Widest elements first, so that every tensor is aligned to its element size.
  const byWidth = entries
    .map(([name, tensor], order) => ({ name, tensor, order, width: bytesPerElement[tensor.dtype] }))
    .sort((a, b) => b.width - a.width || a.order - b.order);
  const described = new Map<string, unknown>();
  let place = 0;
  for (const { name, tensor } of byWidth) {
    const length = tensor.numel * bytesPerElement[tensor.dtype];
    described.set(name, {
      dtype: nameOfDtype[tensor.dtype],
      shape: tensor.shape,
      data_offsets: [place, place + length],
    });
    place += length;
  }
  const header: [string, unknown][] = entries.map(([name]) => [name, described.get(name)]);
  if (Object.keys(metadata).length > 0) header.unshift(['__metadata__', metadata]);
  const text = `{${header.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`;
  const json = new TextEncoder().encode(text);
  const padding = (8 - (json.length % 8)) % 8;
  const head = new Uint8Array(8 + json.length + padding).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(json.length + padding), true);
  head.set(json, 8);
  return { head, tensors: byWidth.map(({ tensor }) => tensor) };
};

/** Strings by name, which a safetensors file can hold beside its tensors. */
export type Metadata = Readonly<Record<string, string>>;

const chunksOf = async (tensors: NamedTensors, metadata: Metadata): Promise<Uint8Array[]> => {
  const { head, tensors: ordered } = layOut(tensors, metadata);
  return [head, ...(await tensorsToBytes('saveTensors', ordered))];
};

const chunksOfSync = (tensors: NamedTensors, metadata: Metadata): Uint8Array[] => {
  const { head, tensors: ordered } = layOut(tensors, metadata);
  return [head, ...ordered.map(tensorToBytes)];
};

/**
 * Writes a safetensors file off this thread, atomically: a reader sees the old file or the new one. The tensors may be
 * disposed at once, but must not be written to until the promise resolves.
 * @throws NoduleTrainError `path`, `tensors`, `tensor-changed`, `disk-full`, `write-failed`
 */
export async function saveTensors(file: FilePath, tensors: NamedTensors, metadata: Metadata = {}): Promise<void> {
  const path = pathOf('saveTensors', file);
  await replaceFile(path, await chunksOf(tensors, metadata));
}

/** Blocking version of {@link saveTensors}; the values are those at the call. */
export function saveTensorsSync(file: FilePath, tensors: NamedTensors, metadata: Metadata = {}): void {
  replaceFileSync(pathOf('saveTensorsSync', file), chunksOfSync(tensors, metadata));
}

/** Makes the bytes of a file of {@link saveTensors}, for a response or a database; `loadTensors` reads them. */
export async function encodeTensors(tensors: NamedTensors, metadata: Metadata = {}): Promise<Buffer> {
  return Buffer.concat(await chunksOf(tensors, metadata));
}

/** Blocking version of {@link encodeTensors}. */
export function encodeTensorsSync(tensors: NamedTensors, metadata: Metadata = {}): Buffer {
  return Buffer.concat(chunksOfSync(tensors, metadata));
}
