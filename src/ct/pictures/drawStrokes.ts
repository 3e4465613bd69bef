import { blendPixel, type Colour, type RgbImage } from './rgbImage.js';

/** A point `[x, y]` in pixels; the centre of the first pixel is [0.5, 0.5]. */
export type Point = readonly [x: number, y: number];

/**
 * Draws polylines with round ends and smooth edges. Where strokes cross or meet, a pixel is mixed once, so the joints
 * are not darker than the rest.
 * @param thick in pixels
 */
export function drawStrokes(
  image: RgbImage,
  strokes: readonly (readonly Point[])[],
  colour: Colour,
  thick: number,
  opacity = 1,
): void {
  const points = strokes.flat();
  if (points.length === 0) return;
  const reach = thick / 2 + 1;
  const bound = (axis: 0 | 1, most: number) => {
    const along = points.map((point) => point[axis]);
    const [low, high] = [Math.floor(Math.min(...along) - reach), Math.ceil(Math.max(...along) + reach)];
    return [Math.max(0, low), Math.min(most, high)] as const;
  };
  const [left, right] = bound(0, image.width);
  const [top, bottom] = bound(1, image.height);
  if (left >= right || top >= bottom) return;
  const wide = right - left;
  const cover = new Float32Array(wide * (bottom - top));
  for (const stroke of strokes)
    for (let n = 0; n < Math.max(1, stroke.length - 1); n++) {
      const from = stroke[n]!;
      const to = stroke[n + 1] ?? from;
      const [y0, y1] = [Math.min(from[1], to[1]) - reach, Math.max(from[1], to[1]) + reach];
      const [x0, x1] = [Math.min(from[0], to[0]) - reach, Math.max(from[0], to[0]) + reach];
      for (let y = Math.max(top, Math.floor(y0)); y < Math.min(bottom, Math.ceil(y1)); y++)
        for (let x = Math.max(left, Math.floor(x0)); x < Math.min(right, Math.ceil(x1)); x++) {
          const at = (y - top) * wide + x - left;
          const share = thick / 2 + 0.5 - distanceTo(x + 0.5, y + 0.5, from, to);
          if (share > cover[at]!) cover[at] = Math.min(1, share);
        }
    }
  for (let at = 0; at < cover.length; at++)
    if (cover[at]! > 0)
      blendPixel(image, left + (at % wide), top + Math.floor(at / wide), colour, opacity * cover[at]!);
}

/** Distance of a point from the segment between two others. */
function distanceTo(x: number, y: number, [x0, y0]: Point, [x1, y1]: Point): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / squared));
  return Math.sqrt((x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2);
}
