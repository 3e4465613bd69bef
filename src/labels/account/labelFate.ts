/**
 * What can become of an annotation (a line of a list, a component of a label image, a nodule of the readers' outlines).
 * Every annotation has exactly one fate, so the counts add up.
 */
export const LABEL_FATES = {
  used: 'used',
  'no-scan': 'of a series that is not on disk',
  outside: 'outside the volume',
  duplicate: 'the same nodule twice',
  'no-voxel': 'without a labelled voxel',
} as const;

export type LabelFate = keyof typeof LABEL_FATES;

/** An annotation that was not used, with the reason. */
export interface LostLabel {
  /** UID of its series, as its list writes it. */
  readonly uid: string;
  readonly fate: Exclude<LabelFate, 'used'>;
  /** Line of its list, from 1; 0 if no list names it. */
  readonly line: number;
  /** One sentence with the figures and the likely cause, without a path. */
  readonly reason: string;
}
