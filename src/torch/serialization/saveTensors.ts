import { NoduleTrainError, replaceFile, replaceFileSync } from '../../runtime/index.js';
import type { Tensor } from '../tensor/tensor.js';
import { nameOfDtype } from './safetensorsHeader.js';
import { bytesPerElement, namedTensors, tensorsToBytes, tensorToBytes } from './tensorBytes.js';

type Tensors = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

interface Layout {
  head: Uint8Array;
  /** Tensors in the order of the file. */
  tensors: Tensor[];
}

const layOut = (tensors: Tensors, metadata: Readonly<Record<string, string>>): Layout => {
  const entries = namedTensors('saveTensors', tensors);
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== 'string')
      throw new NoduleTrainError('tensors', `saveTensors: metadata ${key} is ${typeof value}, expected a string`);
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

/**
 * Writes a safetensors file off this thread, atomically: a reader sees the old file or the new one. The tensors may be
 * disposed at once, but must not be written to until the promise resolves.
 * @throws NoduleTrainError `tensors`, `tensor-changed`, `disk-full`, `write-failed`
 */
export async function saveTensors(
  path: string,
  tensors: Tensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { head, tensors: ordered } = layOut(tensors, metadata);
  await replaceFile(path, [head, ...(await tensorsToBytes('saveTensors', ordered))]);
}

/** Blocking version of {@link saveTensors}; the values are those at the call. */
export function saveTensorsSync(path: string, tensors: Tensors, metadata: Readonly<Record<string, string>> = {}): void {
  const { head, tensors: ordered } = layOut(tensors, metadata);
  replaceFileSync(path, [head, ...ordered.map(tensorToBytes)]);
}
