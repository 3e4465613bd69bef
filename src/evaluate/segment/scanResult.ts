import type { Volume } from '../../ct/index.js';
import type { Nodule, NoduleRegion } from '../../model/index.js';
import type { OperatingPoint } from '../../score/index.js';
import type { ScanPath } from './scanInput.js';

export const NOTICE = 'Research use only, not a medical device';

/** How a result was made. Every file of a result carries it. */
export interface Provenance {
  software: 'nodule-train';
  version: string;
  libtorch: string;
  device: string;
  /** Several models are an ensemble. `name` is the bundled name or the file's name without its folder. */
  models: { name: string; sha256: string }[];
  operatingPoint: OperatingPoint;
  /** Options that change the result. */
  options: Record<string, string | number | boolean>;
  /** SHA-256 over the source series, the models and the options; UIDs are derived from it. Hexadecimal. */
  key: string;
  notice: typeof NOTICE;
}

/** The nodules of one scan with everything that a writer of results needs. */
export interface ScanResult {
  /** The scan as it was read: the grid of `regions` and of every index in `nodules`. */
  scan: Volume;
  /** Files of the scan; null for a volume in memory. */
  source: ScanPath | null;
  nodules: readonly Nodule[];
  /** Voxels of each nodule, in the order of `nodules`. */
  regions: readonly NoduleRegion[];
  /** Components above the threshold, before the smallest size and the lowest score are applied. */
  candidates: number;
  /** 1 inside the lungs, `[slices, rows, columns]`; null where none were found. */
  lungs: Uint8Array | null;
  /** What the user should know about the scan or the result, one sentence each. */
  notes: readonly string[];
  provenance: Provenance;
}
