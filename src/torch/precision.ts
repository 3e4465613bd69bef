import { native } from './native.js';

declare module './native.js' {
  interface Native {
    setAllowTf32(allow: boolean): void;
  }
}

/**
 * Allows float32 products on CUDA to round their factors to a 10-bit mantissa (TF32), which is several times as fast.
 * libtorch's default allows it for convolutions and not for matrix products.
 */
export function setAllowTf32(allow: boolean): void {
  native().setAllowTf32(allow);
}

/** Restricts cuDNN to algorithms whose results are bit-identical in each run. */
export function setDeterministic(on: boolean): void {
  native().setDeterministic(on);
}
