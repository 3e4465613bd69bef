import type { Slot } from '../native.js';

export interface NativeUNetOptions {
  inChannels: number;
  classes: number;
  depth: number;
  wf: number;
  padding: boolean;
  batchNorm: boolean;
  upsample: boolean;
  averagePooling: boolean;
  inputNorm: boolean;
  sigmoid: boolean;
  channelsLast: boolean;
}

export interface NativeUNet {
  forward(input: Slot): Slot;
  forwardAsync(input: Slot): Promise<Slot>;
  tensors(): { name: string; slot: Slot; buffer: boolean }[];
  setTraining(on: boolean): void;
  prepareInference(): void;
  initializeAsBook(normalBias: boolean): void;
  dispose(): void;
}

declare module '../native.js' {
  interface Native {
    convertInPlace(slot: Slot, dtype: string | null, device: string | null): void;
    readonly UNet: new (options: NativeUNetOptions) => NativeUNet;
  }
}
