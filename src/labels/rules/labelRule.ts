import type { IndexIRC, Volume, WorldLPS } from '../../ct/index.js';
import type { Annotation } from '../annotations.js';

/** Values of label images: those of nodules, and the other known ones. */
export interface LabelValues {
  readonly nodule: readonly number[];
  readonly other: readonly number[];
}

/** Sources of one scan's ground truth, before its voxels are read. Paths are null if there is no such file. */
export interface ScanTruth {
  readonly annotations: readonly Annotation[];
  /** A label image, a DICOM SEG or an RTSTRUCT, or the folder that holds it. */
  readonly mask: string | null;
  /** Image of the number of readers per voxel. */
  readonly votes: string | null;
  /** LIDC's XML of readers' outlines. */
  readonly contours: string | null;
  /**
   * Meaning of the mask's values; absent: all except 0 are nodule. A value in neither list is refused (`mask-value`).
   */
  readonly maskValues?: LabelValues;
  /** The scan is a crop around one nodule: all labelled voxels belong to it, and it exists even if none is labelled. */
  readonly oneNodule?: boolean;
  /** Findings to ignore, neither nodule nor false positive, such as those of LUNA16's annotations_excluded.csv. */
  readonly excluded?: readonly Annotation[];
  /** Known false positives of a detector, such as class 0 in LUNA16's candidates.csv. */
  readonly candidates?: readonly WorldLPS[];
  /** Image of the lungs, not 0 inside. */
  readonly lungs?: string | null;
}

/** One nodule of a rule's ground truth. */
export interface RuleNodule {
  /** Its annotation; for a nodule known only from its voxels, one made at their centroid. */
  readonly annotation: Annotation;
  /** Voxel nearest to that point; it may be outside the volume. */
  readonly center: IndexIRC;
  /** First and last voxel of the box around its labelled voxels. */
  readonly boxLow: IndexIRC;
  readonly boxHigh: IndexIRC;
  /** It exists even without a labelled voxel: a reader marked it, and too few agree; or the book's rule keeps it. */
  readonly marked?: true;
}

/** Content of a label image: nodules, only values of other labels, or nothing. */
export type LabelImage = 'nodules' | 'other' | 'empty';

/** The ground truth that a rule made. */
export interface RuleTruth {
  /** 0 and 1 in `[slices, rows, columns]`. */
  readonly mask: Uint8Array;
  readonly nodules: readonly RuleNodule[];
  /** Content of the label image or the readers' votes; absent if the rule reads none. */
  readonly labelImage?: LabelImage;
}

/**
 * A way to make ground truth. The result depends only on its name, version and options, the scan, the annotations and
 * `files`. The key of a prepared scan is made from these.
 */
export interface LabelRule {
  readonly name: 'auto' | 'box' | 'sphere' | 'contours' | 'votes' | 'mask';
  /** Increased whenever the same input gives a different result. */
  readonly version: number;
  /** Plain JSON, with defaults filled in. */
  readonly options: object;
  /**
   * Files that the rule reads beside the scan; for an image in two files, its header.
   * @throws NoduleTrainError `label-source` if the scan lacks what the rule needs
   */
  readonly files: (truth: ScanTruth) => readonly string[];
  /** Whether labels are drawn around the annotated points, so that a wrong diameter makes a wrong label. */
  readonly fromPoints: (truth: ScanTruth) => boolean;
  /**
   * Makes the mask and its nodules. `onNote` receives notes on the files; by default they become process warnings.
   */
  readonly label: (volume: Volume, truth: ScanTruth, onNote?: (text: string) => void) => Promise<RuleTruth>;
}
