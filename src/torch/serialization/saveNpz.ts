import { NoduleTrainError } from '../../runtime/error.js';
import type { Tensor } from '../tensor.js';
import { atomicWrite, atomicWriteSync } from './atomicWrite.js';
import { npyChunks } from './saveNpy.js';
import { namedTensors } from './tensorBytes.js';
import { zipArchive } from './zipArchive.js';

type Tensors = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

export interface NpzOptions {
  /** Pack by deflate, as `savez_compressed`. */
  compress?: boolean;
}

const layOut = (tensors: Tensors, options: NpzOptions): Uint8Array[] =>
  zipArchive(
    namedTensors('saveNpz', tensors).map(([name, tensor]): [string, Uint8Array] => {
      if (Buffer.byteLength(name) > 65_000)
        throw new NoduleTrainError(
          'npy',
          `saveNpz: a name has ${Buffer.byteLength(name)} bytes, a zip archive holds 65535`,
        );
      return [`${name}.npy`, Buffer.concat(npyChunks(`saveNpz: ${name}`, tensor))];
    }),
    options,
  );

/**
 * Writes arrays by name that NumPy's `load` opens. Never seen half-written; the values are those at the call.
 * @throws NoduleTrainError `npy` for bfloat16, which NumPy has not, `tensors`, `disk-full`, `write-failed`
 */
export async function saveNpz(path: string, tensors: Tensors, options: NpzOptions = {}): Promise<void> {
  await atomicWrite(path, layOut(tensors, options));
}

/** As {@link saveNpz}, blocking. */
export function saveNpzSync(path: string, tensors: Tensors, options: NpzOptions = {}): void {
  atomicWriteSync(path, layOut(tensors, options));
}
