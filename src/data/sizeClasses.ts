import type { Volume } from '../ct/index.js';
import type { ScanNodule } from './labelledScan.js';

/** Upper ends of the classes in mm: the limits of the Fleischner Society's guidelines (doi 10.1148/radiol.2017161659) and 20 mm. */
const classEndsMm = [6, 8, 20];

/**
 * Class of a nodule by its annotated diameter, else by that of a ball of its voxels; 0 is the smallest. In voxels where the
 * spacing is unknown.
 */
export function sizeClassOf({ diameterMm, voxels }: ScanNodule, { spacing }: Volume): number {
  const [x, y, z] = spacing ?? [1, 1, 1];
  const diameter = diameterMm ?? Math.cbrt((6 * voxels * x * y * z) / Math.PI);
  const found = classEndsMm.findIndex((end) => diameter < end);
  return found < 0 ? classEndsMm.length : found;
}
