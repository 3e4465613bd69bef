import type { Index3, Volume, WorldLPS } from '../../ct/index.js';
import type { LabelImage, LostFate } from '../../labels/index.js';
import type { Box, NoduleSlice } from './noduleSlices.js';

/** A nodule of the ground truth. */
export interface ScanNodule {
  /** Index of its annotation among those of the scan; absent if it is known only from its voxels. */
  annotation?: number;
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

/** An annotation that gave no nodule. */
export interface LostNodule extends LostFate {
  /** Its index among the annotations of the scan; -1 for a nodule known only from its voxels. */
  annotation: number;
  /** Nearest voxel to its point, as [slice, row, column]; it may be outside the volume. */
  center: Index3;
  centerLps: WorldLPS;
  diameterMm: number | null;
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
  /** Annotations that are not among the nodules, each with the reason; absent if there are none. */
  lost?: readonly LostNodule[];
  /** Content of the label image or the readers' votes; absent if the truth is from neither. */
  labelImage?: LabelImage;
  /** The scan is a crop around its one nodule, which exists even if no voxel is labelled. */
  oneNodule?: boolean;
}
