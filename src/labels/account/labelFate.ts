import type { WorldLPS } from '../../ct/index.js';
import type { PointCause } from './pointCauses.js';

/**
 * What can become of an annotation (a line of a list, a component of a label image, a nodule of the readers' outlines).
 * Every annotation has exactly one fate, so the counts add up.
 */
export const LABEL_FATES = {
  used: 'used',
  'no-scan': 'of a series that is not on disk',
  outside: 'outside the volume',
  duplicate: 'the same nodule twice',
  size: 'of an impossible size',
  'no-voxel': 'without a labelled voxel',
} as const;

export type LabelFate = keyof typeof LABEL_FATES;

/** Why an annotation was not used. */
export interface LostFate {
  readonly fate: Exclude<LabelFate, 'used'>;
  /** One sentence with the figures and the likely cause, without a path. */
  readonly reason: string;
  /** Readings of the point that would put it inside the volume, and whether on a dense voxel; only if it is outside. */
  readonly causes?: Readonly<Partial<Record<PointCause, 'inside' | 'dense'>>>;
}

/** An annotation that was not used, with the reason. */
export interface LostLabel extends LostFate {
  /** UID of its series, as its list writes it. */
  readonly uid: string;
  /** Line of its list, from 1; 0 if no list names it. */
  readonly line: number;
  /** Its point; absent if it is unknown. */
  readonly point?: WorldLPS;
  /** Annotated diameter; null or absent if unknown. */
  readonly diameterMm?: number | null;
}
