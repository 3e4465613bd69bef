import type { LabelImage } from '../rules/labelRule.js';

/** What a label image holds, from its values and the mask of the nodules in it. */
export function labelImageContent(values: Uint8Array, mask: Uint8Array): LabelImage {
  if (mask.includes(1)) return 'nodules';
  for (let at = 0; at < values.length; at++) if (values[at] !== 0) return 'other';
  return 'empty';
}
