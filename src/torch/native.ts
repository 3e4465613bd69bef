import { loadNative } from '../runtime/index.js';

/** A tensor's place in the addon's table: generation × 2^24 + index, so that a kept number of a disposed tensor is told. */
export type Slot = number;

/** A new tensor's slot (from 0), -1 - i for argument i itself, or [kinds, …values] (see binding/core/operators.cc). */
export type CallResult = Slot | [string, ...unknown[]];

/** Bytes of one CUDA device. */
export interface CudaMemory {
  /** In live tensors. */
  allocated: number;
  /** Taken from the driver, also for reuse. */
  reserved: number;
  /** The most that was allocated at once since the start or `cuda.resetPeak()`. */
  peak: number;
  /** Of the whole device, other processes counted; null before this process uses it. */
  free: number | null;
  total: number | null;
}

/** What binding/core gives; other folders of src/torch add their own functions by declaration merging. */
export interface Native {
  readonly libtorchVersion: string;
  call(operator: number, tags: number, names: readonly string[] | null, ...values: unknown[]): CallResult;
  callAsync(operator: number, tags: number, names: readonly string[] | null, ...values: unknown[]): Promise<CallResult>;
  resolveOperator(
    name: string,
    leftOut: readonly string[],
  ): { number: number; reshapes: boolean; numbersAsTensors: boolean; schemas: string[] };
  operatorNames(): string[];
  shape(slot: Slot): number[];
  strides(slot: Slot): number[];
  dtype(slot: Slot): string;
  device(slot: Slot): string;
  isContiguous(slot: Slot): boolean;
  fromData(view: ArrayBufferView, dtype: string, shape: readonly number[]): Slot;
  data(slot: Slot, before: ArrayBuffer | null): ArrayBuffer;
  detachBuffer(slot: Slot, buffer: ArrayBuffer): void;
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
  backward(slot: Slot, gradient: Slot | null, retainGraph: boolean): void;
  gradients(outputs: Slot[], inputs: Slot[], createGraph: boolean): (Slot | null)[];
  setGradEnabled(enabled: boolean): boolean;
  captureModes(): unknown;
  callWithModes<T>(modes: unknown, fn: () => T): T;
  enterAutocast(device: string, dtype: string): unknown;
  leaveAutocast(device: string, state: unknown): void;
  memory(): { handles: number; cpu: number; cpuKept: number; cuda: number };
  emptyCache(): void;
  manualSeed(seed: number): void;
  setNumThreads(count: number): void;
  getNumThreads(): number;
  cudaIsAvailable(): boolean;
  cudaDeviceCount(): number;
  cudaMemory(device: string): CudaMemory;
  cudaResetPeak(device: string): void;
  cudaSynchronize(device: string): void;
  share(slot: Slot): number;
  takeShared(number: number): Slot | null;
  revokeShared(number: number): boolean;
  setDeterministic(on: boolean): void;
  cpuCapability(): string;
  /** Waits for the asynchronous call that runs; no other begins. */
  haltQueue(): void;
}

let loaded: Native | undefined;

/** The addon of this thread, opened at the first use, so that importing this package never fails for want of libtorch. */
export function native(): Native {
  if (loaded === undefined) {
    const addon = loadNative() as unknown as Native;
    // process.exit() and an uncaught error end the main thread without the cleanup hooks of addons: exit() would take
    // libtorch's static objects away under a job that still runs. First of all listeners, as another one may throw.
    process.prependListener('exit', () => addon.haltQueue());
    loaded = addon;
  }
  return loaded;
}
