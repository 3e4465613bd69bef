import { createHash } from 'node:crypto';
import { noGrad, scope, type Tensor } from '../torch/index.js';

/** Computes the SHA-256 over tensors, their names, types and shapes, in the order of their names. */
export function hashTensors(tensors: ReadonlyMap<string, Tensor>): string {
  return noGrad(() =>
    scope(() => {
      const hash = createHash('sha256');
      for (const name of [...tensors.keys()].sort()) {
        const tensor = tensors.get(name)!.detach().to('cpu').contiguous();
        const data = tensor.data();
        hash
          .update(`${name} ${tensor.dtype} [${tensor.shape}]\n`)
          .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      return hash.digest('hex');
    }),
  );
}
