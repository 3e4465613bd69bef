import { NoduleTrainError, whyNoCuda } from '../runtime/index.js';
import { native } from './native.js';

// How libtorch reports that it was built without CUDA, or that there is no device.
const ABOUT_CUDA =
  /from the 'CUDA' backend|linked with support for cuda|not compiled with CUDA|Torch not compiled|No CUDA GPUs|NVIDIA driver/i;

/** Why CUDA cannot be used, in one line with the command that helps; null if it can. */
export const cudaMissing = (): string | null =>
  native().cudaIsAvailable()
    ? null
    : `CUDA cannot be used: ${whyNoCuda()}. Run \`npx nodule-train doctor\` for details.`;

/**
 * Converts what native code threw. `out-of-memory` and `cuda-missing` have their own codes because a program can act on
 * them; everything else is `torch`.
 * @param what the call, prepended to the text unless the text begins with it
 */
export function torchError(cause: unknown, what = ''): NoduleTrainError {
  if (cause instanceof NoduleTrainError) return cause;
  const { message, code } = cause as Error & { code?: unknown };
  const missing = ABOUT_CUDA.test(message) ? cudaMissing() : null;
  // Some messages of libtorch print a whole tensor, or types of C++.
  const text = (missing ?? message).replaceAll(/\s*\n\s*/g, ' ').replaceAll('c10::', '');
  return new NoduleTrainError(
    code === 'out-of-memory' ? code : missing === null ? 'torch' : 'cuda-missing',
    what === '' || text.startsWith(what) ? text : `${what}: ${text}`,
    { cause },
  );
}
