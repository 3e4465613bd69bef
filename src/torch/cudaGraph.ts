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
 * GPU work that is captured once and replayed, so that a step costs one launch instead of hundreds. Captured code must
 * read everything that changes from tensors that stay in place, and must not read a value (`item`, `toArray`).
 */
export class CudaGraph {
  readonly #native: NativeGraph;

  /** @throws NoduleTrainError `cuda-missing` if CUDA cannot be used, `cuda-graph` if there is no such device */
  constructor(device: Exclude<Device, 'cpu'> = 'cuda') {
    const { noCuda } = loadRuntime();
    if (noCuda !== null) throw new NoduleTrainError('cuda-missing', `new CudaGraph('${device}'): ${noCuda}`);
    const index = Number(device.split(':')[1] ?? 0);
    this.#native = attempt(() => new (native().CudaGraph)(index));
  }

  /**
   * Runs `fn` once, on the stream that will capture. Required before `record` (three times is usual): in the first runs
   * libraries choose their algorithms and optimizers create their state, and neither can be captured.
   */
  warmUp<T>(fn: () => T): T {
    return this.#inside(fn);
  }

  /**
   * Captures what `fn` queues, without running it. The tensors it returns are in the graph's own memory, and each
   * replay overwrites them. Parameters must have no gradient (`zeroGrad()`), so that their gradients are allocated
   * there too.
   * @throws NoduleTrainError `cuda-graph` if something in it cannot be captured, `promise-in-scope` if it returns a
   *   promise
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

  /** Runs the captured work `times` times in sequence and waits for the last. */
  replay(times = 1): void {
    if (!Number.isSafeInteger(times) || times < 0)
      throw new NoduleTrainError('cuda-graph', `replay(times): times is ${times}, expected a non-negative integer`);
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
      // The caller gets the error that broke the capture, not this one.
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
