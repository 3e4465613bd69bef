import { cuda, type Device } from '../../torch/index.js';

/** Memory of a forward pass per pixel of its input, on the safe side: 256 activations in float32. */
const BYTES_PER_PIXEL = 1024;
/** A GPU is busy with this many slices of 512 × 512; more gain nothing. */
const MOST_PIXELS = 32 * 512 * 512;

/**
 * Chooses how many slices or windows go through the network at once: on a GPU as many as half of its free memory
 * holds, on a CPU `onCpu`, since there more at once take as long for each.
 */
export function choosePassSize(device: Device, pixels: number, onCpu: number): number {
  if (device === 'cpu') return onCpu;
  const { free } = cuda.memory(device);
  const fitting = Math.floor((free ?? 0) / 2 / (BYTES_PER_PIXEL * pixels));
  return Math.max(1, Math.min(fitting, Math.floor(MOST_PIXELS / pixels)));
}
