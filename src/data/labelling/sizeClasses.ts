import type { Volume } from '../../ct/index.js';
import type { ScanNodule } from './labelledScan.js';

/**
 * Upper limits of the size classes in mm: those of the Fleischner Society's guidelines
 * (doi 10.1148/radiol.2017161659) and 20 mm.
 */
const CLASS_ENDS_MM = [6, 8, 20];

/** Names of the classes: `below 6`, `6 to 8` …, in the unit of `noduleDiameter`. */
export const SIZE_CLASS_NAMES: readonly string[] = [...CLASS_ENDS_MM, Number.POSITIVE_INFINITY].map((end, n) => {
  const start = CLASS_ENDS_MM[n - 1];
  if (start === undefined) return `below ${end}`;
  return end === Number.POSITIVE_INFINITY ? `${start} and above` : `${start} to ${end}`;
});

/**
 * Finds the size class of a nodule by its `noduleDiameter`: an index into `SIZE_CLASS_NAMES`, 0 is the smallest.
 */
export function sizeClass(nodule: ScanNodule, volume: Volume): number {
  return sizeClassOfDiameter(noduleDiameter(nodule, volume));
}

/** Finds the size class of a diameter: an index into `SIZE_CLASS_NAMES`. */
export function sizeClassOfDiameter(diameter: number): number {
  const found = CLASS_ENDS_MM.findIndex((end) => diameter < end);
  return found < 0 ? CLASS_ENDS_MM.length : found;
}

/**
 * Diameter of a nodule in mm: the annotated one, else that of a ball of the volume of its voxels, which is in voxels if
 * the spacing is unknown.
 */
export function noduleDiameter({ diameterMm, voxels }: ScanNodule, { spacing }: Volume): number {
  const [x, y, z] = spacing ?? [1, 1, 1];
  return diameterMm ?? Math.cbrt((6 * voxels * x * y * z) / Math.PI);
}
