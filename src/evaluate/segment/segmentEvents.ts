import type { Geometry } from '../../ct/index.js';
import type { Nodule, NoduleRegion } from '../../model/index.js';
import type { OperatingPoint } from '../../score/index.js';
import type { Provenance } from './scanResult.js';
import type { Format } from './segmentOptions.js';

/** Slices that are done. */
export interface SegmentProgressEvent {
  type: 'progress';
  done: number;
  total: number;
}

/** What the user should know about the scan or the result, one sentence. */
export interface SegmentNoteEvent {
  type: 'note';
  text: string;
}

/** The result of one scan; always the last event. */
export interface SegmentResultEvent {
  type: 'result';
  result: SegmentResult;
}

/** Events while a scan is segmented. */
export type SegmentProgress = SegmentProgressEvent | SegmentNoteEvent;

export type SegmentEvent = SegmentProgress | SegmentResultEvent;

/** Nodules of one scan. `labelImage` makes the instances, `semanticMask` the mask; boxes are in `nodules`. */
export interface SegmentResult {
  /** UID of the series, or the file name without its extension. */
  series: string;
  /** The grid of every index and position. */
  grid: Geometry;
  nodules: Nodule[];
  /** Voxels of each nodule, in the order of `nodules`. */
  regions: NoduleRegion[];
  /** Components above the threshold, before the smallest size and the lowest score are applied. */
  candidates: number;
  operatingPoint: OperatingPoint;
  provenance: Provenance;
  /** The result was there already, with the same key and files; it has no `regions`. */
  kept: boolean;
  notes: string[];
  /** Names of the files of the result in its folder. */
  files: string[];
  /** Requested formats that could not be written, with the reason. */
  notWritten: { format: Format; reason: string }[];
  /** One per voxel, `[slices, rows, columns]`; only if requested by `probabilities` without a folder to write to. */
  probabilities?: Float32Array;
}
