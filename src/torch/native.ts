import { loadNative } from '../runtime/index.js';

/**
 * A tensor's place in the addon's table: generation × 2^24 + index. The generation makes a stale number of a disposed
 * tensor detectable.
 */
export type Slot = number;

/** A new tensor's slot (from 0), -1 - i for argument i itself, or [kinds, …values] (see binding/core/call.cc). */
export type CallResult = Slot | [string, ...unknown[]];

/** Memory of one CUDA device, in bytes. */
export interface CudaMemory {
  /** In live tensors. */
  allocated: number;
  /** Taken from the driver, including blocks cached for reuse. */
  reserved: number;
  /** Maximum of `allocated` since the start or `cuda.resetPeak()`. */
  peak: number;
  /** Free on the whole device, all processes counted; null before this process uses it. */
  free: number | null;
  total: number | null;
}

/** The functions of binding/core. Other files of src/torch add theirs by declaration merging. */
export interface Native {
  readonly libtorchVersion: string;
  call(operator: number, tags: number, names: readonly string[] | null, ...values: unknown[]): CallResult;
  callAsync(operator: number, tags: number, names: readonly string[] | null, ...values: unknown[]): Promise<CallResult>;
  resolveOperator(
    name: string,
    skippedSignatures: readonly string[],
  ): {
    number: number;
    reshapes: boolean;
    numbersAsTensors: boolean;
    schemas: string[];
    choices: Record<string, string[]>;
  };
  operatorNames(): string[];
  shape(slot: Slot): number[];
  strides(slot: Slot): number[];
  dtype(slot: Slot): string;
  device(slot: Slot): string;
  isContiguous(slot: Slot): boolean;
  isStrided(slot: Slot): boolean;
  fromData(view: ArrayBufferView, dtype: string, shape: readonly number[]): Slot;
  data(slot: Slot, before: ArrayBuffer | null): ArrayBuffer;
  detachBuffer(slot: Slot, buffer: ArrayBuffer): void;
  detachMoved(slot: Slot, buffer: ArrayBuffer): boolean;
  copyBytes(slot: Slot): ArrayBuffer;
  copyBytesAsync(slot: Slot, dtype: string | null): Promise<ArrayBuffer>;
  copyManyAsync(slots: readonly Slot[]): Promise<(Uint8Array | null)[]>;
  item(slot: Slot): number | boolean;
  dispose(slot: Slot): boolean;
  disposeAll(slots: Slot[]): void;
  watch(slot: Slot): void;
  isAlive(slot: Slot): boolean;
  requiresGrad(slot: Slot): boolean;
  setRequiresGrad(slot: Slot, requires: boolean): void;
  isLeaf(slot: Slot): boolean;
  grad(slot: Slot, known: Slot | null): Slot | null;
  setGrad(slot: Slot, gradient: Slot | null): void;
  backward(slot: Slot, gradient: Slot | null, retainGraph: boolean, createGraph: boolean, inputs: Slot[] | null): void;
  gradients(
    outputs: Slot[],
    inputs: Slot[],
    gradients: (Slot | null)[] | null,
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): (Slot | null)[];
  isGradEnabled(): boolean;
  isInferenceModeEnabled(): boolean;
  inInferenceMode<T>(enabled: boolean, fn: () => T): T;
  setGradEnabled(enabled: boolean): boolean;
  captureModes(): unknown;
  callWithModes<T>(modes: unknown, fn: () => T): T;
  enterAutocast(device: string, dtype: string, enabled: boolean): unknown;
  leaveAutocast(device: string, state: unknown): void;
  memory(): { handles: number; cpu: number; cpuKept: number; cuda: number; shared: number };
  emptyCache(): void;
  setCacheLimit(bytes: number): void;
  /** For fuzzing: puts inaccessible pages around each later block, which touches the page after it or `before` it. */
  guardAllocations(before: boolean): void;
  /** For tests: behaves as a runtime that forbids buffers over memory outside its own. */
  forbidExternalBuffers(forbid: boolean): void;
  manualSeed(seed: number): void;
  setNumThreads(count: number): void;
  getNumThreads(): number;
  cudaIsAvailable(): boolean;
  cudaDeviceCount(): number;
  cudaMemory(device: string): CudaMemory;
  cudaResetPeak(device: string): void;
  cudaSynchronize(device: string): void;
  /** `uses` is -1 for any number. */
  share(slot: Slot, uses: number): number;
  takeShared(number: number): Slot | null;
  revokeShared(number: number): boolean;
  setDeterministic(on: boolean): void;
  cpuCapability(): string;
  /** Waits for the running asynchronous call; no other one starts. */
  haltQueue(): void;
}

let loaded: Native | undefined;

/** Returns this thread's addon. It is opened on first use, so that importing the package works without libtorch. */
export function native(): Native {
  if (loaded === undefined) {
    const addon = loadNative() as unknown as Native;
    // process.exit() and an uncaught error end the main thread without the cleanup hooks of addons: exit() would
    // destroy libtorch's static objects under a job that still runs. Put before all other listeners, as one of them may
    // throw.
    process.prependListener('exit', () => addon.haltQueue());
    loaded = addon;
  }
  return loaded;
}
