import type { Index3, Volume, WorldLPS } from '../../ct/index.js';

/** What is looked for, in the order in which a page lists it; `tolerances` says how far each may go. */
export const auditChecks = {
  'outside-volume': 'the annotated point lies outside the volume',
  'outside-body': 'the annotated point lies outside the body',
  mirrored: 'left and right seem exchanged: nothing nodule-like at the point, but at its mirror image',
  empty: 'no voxel is labelled',
  'leaves-lung': 'much of the mask lies far from the lungs',
  diameter: 'the mask is much larger or smaller than the annotated diameter',
  border: "the mask touches the scan's border",
  overlapping: 'the masks of two nodules are one piece',
  duplicate: 'two annotations of one place',
} as const;

export type AuditCheck = keyof typeof auditChecks;

/** 'error': as it stands the label teaches something wrong; 'warning': it may be right and should be looked at. */
export type AuditSeverity = 'error' | 'warning';

export interface AuditFlag {
  readonly check: AuditCheck;
  readonly severity: AuditSeverity;
  /** Index of the nodule in its scan, from 0. */
  readonly nodule: number;
  /** The other one, where two nodules are concerned. */
  readonly other?: number;
  /** One sentence with the figures. */
  readonly message: string;
  /** The figures, rounded; units are in the names. */
  readonly figures: Readonly<Record<string, number | string | readonly number[]>>;
}

/** A check that could not be made, and why. */
export interface NotJudged {
  readonly check: AuditCheck;
  readonly reason: string;
  /** Of one nodule; absent: of all of the scan's. */
  readonly nodule?: number;
}

/** A nodule of the truth that is to be audited. */
export interface NoduleToAudit {
  /** Slice, row, column of its annotated point; it may lie outside the volume. */
  readonly center: Index3;
  readonly centerLps: WorldLPS;
  readonly diameterMm: number | null;
  /** First and last voxel of the box around its labelled voxels. */
  readonly box: { readonly low: Index3; readonly high: Index3 };
}

/** A scan with its truth, as `LabelledScan` has it. */
export interface ScanToAudit {
  readonly volume: Volume;
  /** Above 0 where there is a nodule; [slices, rows, columns]. */
  readonly mask: Uint8Array;
  readonly nodules: readonly NoduleToAudit[];
}

/** What the audit measured of one nodule; null where it could not. */
export interface NoduleFigures {
  readonly center: Index3;
  readonly annotatedMm: number | null;
  /** Of the sphere of as much volume as its labelled voxels. */
  readonly maskMm: number | null;
  readonly voxels: number;
  /** Of its voxels, how many lie farther from the lungs than tolerated. */
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
 * How far a label may go before it is flagged. Chosen on phantoms of seeds from 1001 on (docs/records/labels.md has the figures); what is
 * judged by them in tests and tables are other seeds and the real scans.
 */
export const tolerances = {
  /** A point this near to the body is in it. */
  bodyMm: 3,
  /** Least and most equivalent diameter of a mask over the annotated one. */
  diameterRatio: [0.5, 1.6],
  /** Differences of diameter within this share of a voxel's diagonal are of the grid. */
  diameterVoxels: 0.5,
  /** Voxels within this distance of the closed lung mask are in the lung or at its wall. */
  lungMm: 8,
  /** Share of a mask's voxels that may lie farther off. */
  lungShare: 0.15,
  /** Annotations nearer to each other than this, or than the smaller one's radius, are of one nodule. */
  duplicateMm: 3,
  /** How far the middle of the chest is looked for to both sides, as chests are not symmetric. */
  mirrorMm: 10,
} as const;
