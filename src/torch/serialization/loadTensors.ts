import type { Tensor } from '../tensor/tensor.js';
import type { FileSource } from './fileSource.js';
import { type OpenFile, type Reading, readFile, readFileSync, tensorAt } from './reading.js';
import { readSafetensorsHeader } from './safetensorsHeader.js';

export interface LoadedTensors {
  /** In the order of the file's header. */
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

function* readSafetensors(file: OpenFile): Reading<LoadedTensors> {
  const { tensors: stored, metadata } = yield* readSafetensorsHeader(file);
  const tensors = new Map<string, Tensor>();
  try {
    for (const { name, dtype, shape, begin } of stored) tensors.set(name, yield* tensorAt(begin, dtype, shape));
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return { tensors, metadata };
}

/**
 * Reads a safetensors file.
 * @throws NoduleTrainError `read-failed`, `safetensors` naming the fault
 */
export const loadTensors = (source: FileSource): Promise<LoadedTensors> => readFile(source, readSafetensors);

/**
 * Reads the metadata of a safetensors file from its header alone, without its tensors; blocking.
 * @throws NoduleTrainError `read-failed`, `safetensors` naming the fault
 */
export const readMetadataSync = (source: FileSource): Record<string, string> =>
  readFileSync(source, function* (file) {
    return (yield* readSafetensorsHeader(file)).metadata;
  });

/** Blocking version of {@link loadTensors}. */
export const loadTensorsSync = (source: FileSource): LoadedTensors => readFileSync(source, readSafetensors);
