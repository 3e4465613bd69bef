import type { Volume } from '../../ct/index.js';
import type { Annotation } from '../annotations.js';

/** Larger than any nodule (30 mm) and nearly all masses; LUNA16's largest is 33 mm. */
const LARGEST_MM = 100;

/** Why the annotated diameter cannot be that of a nodule in this scan; null if it can or is unknown. */
export function impossibleSize({ shape, spacing }: Volume, { diameterMm }: Annotation): string | null {
  if (diameterMm === null) return null;
  const extentMm =
    spacing === null ? Number.POSITIVE_INFINITY : Math.max(...shape.map((length, axis) => length * spacing[2 - axis]!));
  if (diameterMm <= Math.min(LARGEST_MM, extentMm)) return null;
  const limit = diameterMm > LARGEST_MM ? `at most ${LARGEST_MM} mm` : `at most the scan's ${extentMm.toFixed(0)} mm`;
  return `The diameter is ${diameterMm} mm, expected ${limit}. Correct it, or give a mask of the nodule.`;
}
