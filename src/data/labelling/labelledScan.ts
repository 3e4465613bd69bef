import type { Index3, Volume, WorldLPS } from '../../ct/index.js';
import type { Box, NoduleSlice } from './noduleSlices.js';

/** A nodule of the ground truth. */
export interface ScanNodule {
  /** Nearest voxel to its annotated point, as [slice, row, column]. */
  center: Index3;
  centerLps: WorldLPS;
  /** Annotated diameter; null if unknown. */
  diameterMm: number | null;
  malignant?: boolean;
  box: Box;
  /** Number of its labelled voxels. */
  voxels: number;
  slices: NoduleSlice[];
}

/** A finding that counts neither as a nodule to find nor as a false positive. */
export interface Finding {
  /** Nearest voxel to its centre, as [slice, row, column]. */
  center: Index3;
  diameterMm: number;
}

/** A scan with its ground truth, from which training crops are cut. */
export interface LabelledScan {
  volume: Volume;
  /** 1 in nodules, else 0; `[slices, rows, columns]` like the volume. */
  mask: Uint8Array;
  nodules: ScanNodule[];
  /** Places without a nodule, alternately hard and easy. */
  background: Index3[];
  /** Findings that are neither nodules to find nor false positives; absent if there are none. */
  ignored?: readonly Finding[];
  /** The scan is a crop around its one nodule, which exists even if no voxel is labelled. */
  oneNodule?: boolean;
}
