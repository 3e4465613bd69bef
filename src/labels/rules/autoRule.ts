import type { LabelRule } from './labelRule.js';

/**
 * Uses the mask of a scan if it has one, else the box rule. `files` differs between the two, so the choice is part of a
 * prepared scan's key.
 */
export const autoRule = (mask: LabelRule, box: LabelRule): LabelRule => ({
  name: 'auto',
  // Versions only rise, so the sum changes whenever either does.
  version: mask.version + box.version,
  options: { mask: mask.options, box: box.options },
  files: (truth) => (truth.mask === null ? box : mask).files(truth),
  fromPoints: (truth) => truth.mask === null,
  label: (volume, truth, onNote) => (truth.mask === null ? box : mask).label(volume, truth, onNote),
});
