import { loadNative } from '../runtime/load.js';

/** A tensor's place in the addon's table: generation × 2^24 + index, so that a kept number of a disposed tensor is told. */
export type Slot = number;

/** A new tensor's slot (from 0), -1 - i for argument i itself, or [kinds, …values] (see binding/core/operators.cc). */
export type CallResult = Slot | [string, ...unknown[]];

/** What binding/core gives; other folders of src/torch add their own functions by declaration merging. */
export interface Native {
  readonly libtorchVersion: string;
  call(operator: number, tags: number, names: readonly string[] | null, ...values: unknown[]): CallResult;
  resolveOperator(name: string): { number: number; mutates: boolean; schemas: string[] };
  operatorNames(): string[];
  shape(slot: Slot): number[];
  strides(slot: Slot): number[];
  dtype(slot: Slot): string;
  device(slot: Slot): string;
  isContiguous(slot: Slot): boolean;
  fromData(view: ArrayBufferView, dtype: string, shape: readonly number[]): Slot;
  data(slot: Slot): ArrayBuffer;
  detachBuffer(buffer: ArrayBuffer): void;
  copyBytes(slot: Slot): ArrayBuffer;
  copyBytesAsync(slot: Slot): Promise<ArrayBuffer>;
  item(slot: Slot): number | boolean;
  dispose(slot: Slot): boolean;
  disposeAll(slots: Slot[]): void;
  isAlive(slot: Slot): boolean;
  requiresGrad(slot: Slot): boolean;
  setRequiresGrad(slot: Slot, requires: boolean): void;
  isLeaf(slot: Slot): boolean;
  grad(slot: Slot, known: Slot | null): Slot | null;
  setGrad(slot: Slot, gradient: Slot | null): void;
  backward(slot: Slot, gradient: Slot | null, retainGraph: boolean): void;
  gradients(outputs: Slot[], inputs: Slot[], createGraph: boolean): (Slot | null)[];
  setGradEnabled(enabled: boolean): boolean;
  enterAutocast(device: string, dtype: string): unknown;
  leaveAutocast(device: string, state: unknown): void;
  memory(): { handles: number; cpu: number; cpuKept: number };
  emptyCache(): void;
  manualSeed(seed: number): void;
  setNumThreads(count: number): void;
  getNumThreads(): number;
  cudaIsAvailable(): boolean;
  cudaDeviceCount(): number;
  setDeterministic(on: boolean): void;
  cpuCapability(): string;
}

let loaded: Native | undefined;

/** The addon of this thread, opened at the first use, so that importing this package never fails for want of libtorch. */
export function native(): Native {
  loaded ??= loadNative() as unknown as Native;
  return loaded;
}
