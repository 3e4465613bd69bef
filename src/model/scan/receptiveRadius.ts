import type { nn } from '../../torch/index.js';

/**
 * Computes how many pixels beyond an area of its output a padded U-Net reads, if the area begins and ends at multiples
 * of `2 ** (depth - 1)`, so that its pooling windows lie as in the whole slice. Each block has two 3 × 3 convolutions.
 */
export function receptiveRadius(depth: number, upMode: nn.UNetOptions['upMode'] = 'upconv'): number {
  // A transposed convolution reads the pixel below each of its own alone, bilinear interpolation also its neighbours.
  const up = upMode === 'upsample' ? 1 : 0;
  let radius = 2;
  for (let level = 1; level < depth; level++) radius = Math.ceil(radius / 2) + up + 2;
  for (let level = 1; level < depth; level++) radius = radius * 2 + 2;
  return radius;
}
