import type { Device, Module } from '../torch/index.js';

/** HU are clipped to `[low, high]` and given to the network as they are. */
export interface HuClip {
  kind: 'hu-clip';
  low: number;
  high: number;
}

/** Values scaled slice by slice from the minimum and maximum of a window of 128 × 128 to 0…255, as 8-bit crops come. */
export interface MinmaxWindow {
  kind: 'minmax-window';
}

/** A network with what must be known to run it on a scan; all of it stands in the checkpoint's metadata. */
export interface ScanModel {
  /** `[B, 2 * contextSlices + 1, H, W]` to probabilities `[B, 1, H, W]`. */
  net: Pick<Module, 'forward'>;
  /** Whether its probabilities are the mean over the four mirror images of a slice; absent: no. */
  flips?: boolean;
  /** Slices above and below the labelled one; the network has `2 * contextSlices + 1` input channels. */
  contextSlices: number;
  input: HuClip | MinmaxWindow;
  /** Rows and columns must divide by this, `2 ** (depth - 1)` of the U-Net; scans are padded to it and cut back. */
  sizeMultiple: number;
  device: Device;
}
