import { loadRuntime, NoduleTrainError } from '../runtime/index.js';
import { native } from './native.js';
import { refusePromise } from './scope.js';
import type { Device } from './tensor/dtype.js';

interface NativeGraph {
  enter(): void;
  leave(): void;
  begin(): void;
  end(): void;
  replay(times: number): void;
  dispose(): void;
}

declare module './native.js' {
  interface Native {
    readonly CudaGraph: new (device: number) => NativeGraph;
  }
}

const attempt = <T>(run: () => T): T => {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof NoduleTrainError) throw cause;
    throw new NoduleTrainError('cuda-graph', `CUDA graph: ${(cause as Error).message}`, { cause });
  }
};

/**
 * Work on the GPU that is recorded once and replayed, so that a step costs one launch and not hundreds. What is recorded
 * must read all that changes from tensors that stay where they are, and must not look at a value (`item`, `toArray`).
 */
export class CudaGraph {
  readonly #native: NativeGraph;

  /** @throws NoduleTrainError `cuda-missing` where CUDA cannot be used, `cuda-graph` where there is no such device */
  constructor(device: Exclude<Device, 'cpu'> = 'cuda') {
    const { noCuda } = loadRuntime();
    if (noCuda !== null) throw new NoduleTrainError('cuda-missing', `new CudaGraph('${device}'): ${noCuda}`);
    const index = Number(device.split(':')[1] ?? 0);
    this.#native = attempt(() => new (native().CudaGraph)(index));
  }

  /**
   * Runs `fn` once, on the stream that will record. Wanted before `record` (three times is usual): libraries choose
   * their algorithms and optimizers make their state in the first runs, and neither can be recorded.
   */
  warmUp<T>(fn: () => T): T {
    return this.#inside(fn);
  }

  /**
   * Records what `fn` queues; nothing is run. Tensors that it returns lie in the graph's own memory, and each replay
   * writes them anew. Parameters must have no gradient (`zeroGrad()`), so that theirs lie there too.
   * @throws NoduleTrainError `cuda-graph` where something in it cannot be recorded, `promise-in-scope`
   */
  record<T>(fn: () => T): T {
    return this.#inside(() => {
      attempt(() => this.#native.begin());
      let result: T;
      try {
        result = fn();
      } catch (error) {
        this.#dropRecording();
        throw error;
      }
      attempt(() => this.#native.end());
      return result;
    });
  }

  /** Runs what was recorded that many times, one after the other, and waits for the last. */
  replay(times = 1): void {
    if (!Number.isSafeInteger(times) || times < 0)
      throw new NoduleTrainError('cuda-graph', `replay(times): ${times} is not a whole number from 0`);
    attempt(() => this.#native.replay(times));
  }

  #inside<T>(fn: () => T): T {
    attempt(() => this.#native.enter());
    try {
      const result = fn();
      refusePromise('CudaGraph', result);
      return result;
    } finally {
      attempt(() => this.#native.leave());
    }
  }

  #dropRecording(): void {
    try {
      this.#native.end();
    } catch {
      // The recording is broken by what is thrown to the caller; that is the error to tell.
    }
  }

  /** Frees the graph and its memory. */
  dispose(): void {
    attempt(() => this.#native.dispose());
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
