import type { Volume } from '../../ct/index.js';
import type { ScanNodule } from './labelledScan.js';

/** Upper ends of the classes in mm: the limits of the Fleischner Society's guidelines (doi 10.1148/radiol.2017161659) and 20 mm. */
const classEndsMm = [6, 8, 20];

/** What the classes are called, in the nodules' unit: `below 6`, `6 to 8` … */
export const sizeClassNames: readonly string[] = [...classEndsMm, Number.POSITIVE_INFINITY].map((end, n) => {
  const start = classEndsMm[n - 1];
  if (start === undefined) return `below ${end}`;
  return end === Number.POSITIVE_INFINITY ? `${start} and above` : `${start} to ${end}`;
});

/**
 * Class of a nodule by its annotated diameter, else by that of a ball of its voxels; 0 is the smallest. In voxels where the
 * spacing is unknown.
 */
export function sizeClassOf(nodule: ScanNodule, volume: Volume): number {
  const diameter = noduleDiameter(nodule, volume);
  const found = classEndsMm.findIndex((end) => diameter < end);
  return found < 0 ? classEndsMm.length : found;
}

/** The diameter that the class goes by; in voxels where the spacing is unknown. */
export function noduleDiameter({ diameterMm, voxels }: ScanNodule, { spacing }: Volume): number {
  const [x, y, z] = spacing ?? [1, 1, 1];
  return diameterMm ?? Math.cbrt((6 * voxels * x * y * z) / Math.PI);
}
