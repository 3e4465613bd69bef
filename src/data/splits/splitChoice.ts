/** The scans to use: one part of a split in a file, or one fold. */
export interface SplitChoice {
  /** Path of a split, such as a run's split.json. */
  split?: string | undefined;
  /** Number of folds to draw by patient. */
  folds?: number | undefined;
  /** Number of the fold that validates, from 0: of `folds`, else of the data's own. */
  fold?: number | undefined;
}

/** Returns what is wrong with a combination of these options, or null. */
export function splitChoiceFault({ split, fold, folds }: SplitChoice): string | null {
  if (split !== undefined && (fold !== undefined || folds !== undefined))
    return 'found both `split` and `fold`, expected one of them';
  if (folds !== undefined && fold === undefined)
    return `found \`folds\` ${folds} without \`fold\`. Give the fold that validates, from 0 to ${folds - 1}`;
  return null;
}
