import type { LabelRule } from './labelRule.js';

/**
 * The exact mask where a scan has one, else the box rule, scan by scan. Which of the two it was shows in `files`, so it is
 * part of a scan's key.
 */
export const autoRule = (mask: LabelRule, box: LabelRule): LabelRule => ({
  name: 'auto',
  // Both only rise, so the sum changes when either does.
  version: mask.version + box.version,
  options: { mask: mask.options, box: box.options },
  files: (truth) => (truth.mask === null ? box : mask).files(truth),
  label: (volume, truth) => (truth.mask === null ? box : mask).label(volume, truth),
});
