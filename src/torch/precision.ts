import { native } from './native.js';

declare module './native.js' {
  interface Native {
    setAllowTf32(allow: boolean): void;
  }
}

/**
 * Whether products of float32 on CUDA may round their factors to 10 bits (TF32), which is several times as fast.
 * libtorch's own setting is: convolutions may, matrix products may not.
 */
export function setAllowTf32(allow: boolean): void {
  native().setAllowTf32(allow);
}

/** Whether cuDNN may only take algorithms that give the same bits in each run. */
export function setDeterministic(on: boolean): void {
  native().setDeterministic(on);
}
