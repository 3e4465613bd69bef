import type { SkippedScan } from '../../../ct/index.js';
import type { SegmentResult } from '../segmentEvents.js';

/** Emitted once, when the scans are found and the models are open. */
export interface BatchStartEvent {
  type: 'start';
  scans: number;
  workers: number;
  device: string;
  /** Files and series that are not segmented, with the reason. */
  skipped: readonly SkippedScan[];
}

/** Scans that are done; the fraction is what the running ones have done. */
export interface BatchProgressEvent {
  type: 'progress';
  done: number;
  total: number;
}

/** A result without voxels. */
export type ScanSummary = Omit<SegmentResult, 'regions' | 'probabilities' | 'grid'>;

/** One scan is done. */
export type BatchScanEvent = {
  type: 'scan';
  /** Name of its folder of results. */
  name: string;
  path: string;
  /** Series UID; null where the scan is not DICOM. */
  series: string | null;
} & ({ status: 'finished' | 'kept'; result: ScanSummary } | { status: 'failed'; code: string; message: string });

/** Always the last event. */
export interface BatchEndEvent {
  type: 'end';
  /** `failed` if any scan failed. */
  status: 'finished' | 'failed';
  out: string;
  scans: number;
  /** Number of scans with a result, including those kept from an earlier batch. */
  done: number;
  kept: number;
  nodules: number;
  failed: { name: string; path: string; code: string; message: string }[];
  skipped: readonly SkippedScan[];
}

export type BatchEvent = BatchStartEvent | BatchProgressEvent | BatchScanEvent | BatchEndEvent;
