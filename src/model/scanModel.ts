import type { Device, Tensor } from '../torch/index.js';
import type { InputTransform } from './modelDescription.js';

/** A network with what must be known to run it on a scan; all of it is recorded in the model file. */
export interface ScanModel {
  /**
   * Maps `[B, 2 * contextSlices + 1, H, W]` to probabilities `[B, 1, H, W]`; includes mirror averaging where the model
   * uses it.
   */
  net: { forward(image: Tensor): Tensor };
  /** `net` without mirror averaging, where `net` includes it. */
  unaveraged?: { forward(image: Tensor): Tensor };
  /** Slices above and below the labelled one. */
  contextSlices: number;
  input: InputTransform;
  /**
   * Rows and columns must be divisible by this, `2 ** (depth - 1)` of the U-Net; scans are padded to it and cut back.
   */
  sizeMultiple: number;
  /**
   * Pixels beyond an area of its output that the network reads (`receptiveRadius`); absent: those of the widest U-Net
   * with this `sizeMultiple`.
   */
  radius?: number;
  device: Device;
}
