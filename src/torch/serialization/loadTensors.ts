import fs from 'node:fs';
import { NoduleTrainError } from '../../runtime/error.js';
import type { Tensor } from '../tensor.js';
import { readSafetensorsHeader } from './safetensorsHeader.js';
import { tensorFromBytes } from './tensorBytes.js';

export interface LoadedTensors {
  /** In the order of the file's header. */
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

const parse = (path: string, bytes: Uint8Array): LoadedTensors => {
  const { tensors, metadata } = readSafetensorsHeader(path, bytes);
  return {
    tensors: new Map(
      tensors.map(({ name, dtype, shape, begin, end }) => [
        name,
        tensorFromBytes(bytes.subarray(begin, end), dtype, shape),
      ]),
    ),
    metadata,
  };
};

export const unreadable = (path: string, cause: unknown): NoduleTrainError =>
  new NoduleTrainError('read-failed', `Reading ${path} failed: ${(cause as Error).message}`, { cause });

/**
 * Reads a safetensors file.
 * @throws NoduleTrainError `read-failed`, `safetensors` naming what is wrong with the file
 */
export async function loadTensors(path: string): Promise<LoadedTensors> {
  const bytes = await fs.promises.readFile(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  return parse(path, bytes);
}

/** As {@link loadTensors}, blocking. */
export function loadTensorsSync(path: string): LoadedTensors {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return parse(path, bytes);
}
