import { derivedUid } from '../../../ct/index.js';
import type { ScanResult } from '../scanResult.js';

/** What identifies a nodule in every DICOM object of a result. */
export interface Tracking {
  readonly id: string;
  readonly uid: string;
}

/** Derives the tracking of each nodule, in their order, from the result's key. */
export function noduleTracking({ nodules, provenance: { key } }: ScanResult): Tracking[] {
  return nodules.map(({ number }) => ({
    id: `Nodule ${number}`,
    uid: derivedUid('nodule-train', 'tracking', key, `${number}`),
  }));
}
