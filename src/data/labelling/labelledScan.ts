import type { Volume, WorldLPS } from '../../ct/index.js';
import type { Box, NoduleSlice, Triple } from './noduleSlices.js';

/** A nodule of the ground truth. */
export interface ScanNodule {
  /** Slice, row, column of its annotated point, rounded. */
  center: Triple;
  centerLps: WorldLPS;
  /** Null where the annotation does not say it. */
  diameterMm: number | null;
  malignant?: boolean;
  box: Box;
  voxels: number;
  slices: NoduleSlice[];
}

/** Where something lies that is neither a nodule to find nor false. */
export interface Finding {
  /** Slice, row, column, rounded. */
  center: Triple;
  diameterMm: number;
}

/** A scan with its ground truth, ready to be cut. */
export interface LabelledScan {
  volume: Volume;
  /** 1 where there is a nodule; `[slices, rows, columns]` like the volume. */
  mask: Uint8Array;
  nodules: ScanNodule[];
  /** Places without a nodule, hard and easy ones in turn. */
  background: Triple[];
  /** Findings that are neither wanted nor false; absent: none. */
  ignored?: readonly Finding[];
  /** The scan is a crop around one nodule, its only one, which is there even where nothing is labelled. */
  oneNodule?: boolean;
}
