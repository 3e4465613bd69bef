import type { Index3, Volume, WorldLPS } from '../../ct/index.js';

/** The checks and what each one flags, in the order of the page; `tolerances` has their limits. */
export const auditChecks = {
  'outside-volume': 'the annotated point is outside the volume',
  'outside-body': 'the annotated point is outside the body',
  mirrored: 'left and right may be swapped: nothing nodule-like at the point, but at its mirror image',
  empty: 'no voxel is labelled',
  'leaves-lung': 'much of the mask is far from the lungs',
  diameter: 'the mask is much larger or smaller than the annotated diameter',
  border: "the mask touches the scan's border",
  overlapping: 'the masks of two nodules are connected',
  duplicate: 'two annotations of the same nodule',
} as const;

export type AuditCheck = keyof typeof auditChecks;

/** 'error': the label is wrong and would mislead training; 'warning': it may be correct and should be checked. */
export type AuditSeverity = 'error' | 'warning';

export interface AuditFlag {
  readonly check: AuditCheck;
  readonly severity: AuditSeverity;
  /** Index of the nodule in its scan, from 0. */
  readonly nodule: number;
  /** Index of the second nodule, for checks on pairs. */
  readonly other?: number;
  /** One sentence with the figures, for people. */
  readonly message: string;
  /** The rounded figures, with units in the names. */
  readonly figures: Readonly<Record<string, number | string | readonly number[]>>;
}

/** A check that could not be made, and why. */
export interface NotJudged {
  readonly check: AuditCheck;
  readonly reason: string;
  /** Index of the nodule; absent: the check was skipped for the whole scan. */
  readonly nodule?: number;
}

/** A ground-truth nodule to audit. */
export interface NoduleToAudit {
  /** Slice, row, column of its annotated point; it may be outside the volume. */
  readonly center: Index3;
  readonly centerLps: WorldLPS;
  readonly diameterMm: number | null;
  /** First and last voxel of the box around its labelled voxels. */
  readonly box: { readonly low: Index3; readonly high: Index3 };
}

/** A scan with its ground truth, a subset of `LabelledScan`. */
export interface ScanToAudit {
  readonly volume: Volume;
  /** Above 0 inside nodules; `[slices, rows, columns]`. */
  readonly mask: Uint8Array;
  readonly nodules: readonly NoduleToAudit[];
  /** Annotations that gave no nodule; they are checked like nodules without a voxel. */
  readonly lost?: readonly Omit<NoduleToAudit, 'box'>[] | undefined;
}

/** Measurements of one nodule; null where one was not possible. */
export interface NoduleFigures {
  readonly center: Index3;
  readonly annotatedMm: number | null;
  /** Diameter of the sphere with the volume of its labelled voxels. */
  readonly maskMm: number | null;
  readonly voxels: number;
  /** Share of its voxels that are farther from the lungs than `tolerances.lungMm`. */
  readonly shareOutsideLung: number | null;
}

export interface ScanAudit {
  readonly uid: string;
  readonly shape: readonly [number, number, number];
  readonly spacing: readonly [number, number, number] | null;
  readonly nodules: readonly NoduleFigures[];
  readonly flags: readonly AuditFlag[];
  readonly notJudged: readonly NotJudged[];
}

/**
 * Limits beyond which a label is flagged. Chosen on phantoms with seeds from 1001; tests and the tables of
 * docs/guide/audit.md use other seeds and the real scans.
 */
export const tolerances = {
  /** Distance from the body up to which a point counts as inside. */
  bodyMm: 3,
  /** Smallest and largest ratio of the mask's equivalent diameter to the annotated one. */
  diameterRatio: [0.5, 1.6],
  /** Difference of diameters that the grid explains, in voxel diagonals. */
  diameterVoxels: 0.5,
  /** Distance from the closed lung mask within which a voxel belongs to the lung or its wall. */
  lungMm: 8,
  /** Largest share of a mask's voxels farther away than that. */
  lungShare: 0.15,
  /** Distance up to which two annotations mean the same nodule; the smaller radius if that is larger. */
  duplicateMm: 3,
  /** Search distance for the mirror image to both sides, because chests are not symmetric. */
  mirrorMm: 10,
} as const;
