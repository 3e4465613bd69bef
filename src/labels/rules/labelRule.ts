import type { IndexIRC, Volume, WorldLPS } from '../../ct/index.js';
import type { Annotation } from '../annotations.js';

/** What is known of one scan's truth before its voxels are read. Paths are null where there is no such file. */
export interface ScanTruth {
  readonly annotations: readonly Annotation[];
  /** A label image, a DICOM SEG or an RTSTRUCT. */
  readonly mask: string | null;
  /** Readers per voxel. */
  readonly votes: string | null;
  /** LIDC's XML of readers' outlines. */
  readonly contours: string | null;
  /** What the values of the mask mean; absent: all but 0 are nodule. A value in neither list is refused ('mask-value'). */
  readonly maskValues?: { readonly nodule: readonly number[]; readonly other: readonly number[] };
  /** The scan is a crop around one nodule: all that is labelled in it is that one, which is there even where nothing is labelled. */
  readonly oneNodule?: boolean;
  /** Findings that are neither wanted nor false, as of LUNA16's annotations_excluded.csv. */
  readonly excluded?: readonly Annotation[];
  /** Places that a detector took for a nodule and that are none, as of class 0 in LUNA16's candidates.csv. */
  readonly candidates?: readonly WorldLPS[];
  /** An image of the lungs, not 0 inside. */
  readonly lungs?: string | null;
}

/** One nodule that a rule has labelled. */
export interface RuleNodule {
  /** The point that it was annotated at; of a nodule that only its voxels tell, their middle. */
  readonly annotation: Annotation;
  /** Nearest voxel to that point; it may lie outside the volume. */
  readonly center: IndexIRC;
  /** First and last voxel of the box around its labelled voxels. */
  readonly boxLow: IndexIRC;
  readonly boxHigh: IndexIRC;
}

/**
 * A way to make ground truth. Everything that its result depends on is its name, version and options, the scan, the
 * annotations and `files`: that is what a prepared scan is keyed by.
 */
export interface LabelRule {
  readonly name: 'auto' | 'box' | 'sphere' | 'contours' | 'votes' | 'mask';
  /** Raised whenever the same input gives another truth. */
  readonly version: number;
  /** JSON, with defaults filled in. */
  readonly options: object;
  /** The files beside the scan that the rule reads; of an image in two files its header. Throws 'label-source' where the scan has not what the rule needs. */
  readonly files: (truth: ScanTruth) => readonly string[];
  /** 0 and 1, [slices, rows, columns], and its nodules. */
  readonly label: (volume: Volume, truth: ScanTruth) => Promise<{ mask: Uint8Array; nodules: readonly RuleNodule[] }>;
}
