import { NoduleTrainError, whyNoCuda } from '../runtime/index.js';
import { native } from './native.js';

// How libtorch says that it has no CUDA, or that CUDA has no device.
const ABOUT_CUDA =
  /from the 'CUDA' backend|linked with support for cuda|not compiled with CUDA|Torch not compiled|No CUDA GPUs|NVIDIA driver/i;

/** Why CUDA cannot be used, in one line with what to do; null where it can. */
export const cudaMissing = (): string | null =>
  native().cudaIsAvailable()
    ? null
    : `CUDA cannot be used: ${whyNoCuda()}. \`npx nodule-train doctor\` says what is there`;

/**
 * What native code threw as our error. `out-of-memory` and `cuda-missing` have codes of their own, since a program can act
 * on them; all else is `torch`.
 * @param what the call, put before the text unless it begins so
 */
export function torchError(cause: unknown, what = ''): NoduleTrainError {
  if (cause instanceof NoduleTrainError) return cause;
  const { message, code } = cause as Error & { code?: unknown };
  const missing = ABOUT_CUDA.test(message) ? cudaMissing() : null;
  const text = missing ?? message;
  return new NoduleTrainError(
    code === 'out-of-memory' ? code : missing === null ? 'torch' : 'cuda-missing',
    what === '' || text.startsWith(what) ? text : `${what}: ${text}`,
    { cause },
  );
}
