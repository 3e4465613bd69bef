import { z } from 'zod';
import { checkOptions } from '../ct/index.js';
import { autoRule } from './autoRule.js';
import { boxRuleSchema } from './boundingBoxMask.js';
import { boxRule } from './boxRule.js';
import type { LabelRule } from './labelRule.js';
import { maskRule } from './maskRule.js';

/** Which rule makes the ground truth, and the options of each. */
export const labelRuleSchema = z.strictObject({
  labels: z
    .enum(['auto', 'box', 'mask'])
    .default('auto')
    .describe('rule of the ground truth; auto: a mask where the scan has one, else box'),
  box: boxRuleSchema.prefault({}),
});

export type LabelRuleOptions = z.input<typeof labelRuleSchema>;

/** The rule that the options name. Throws 'options'. */
export const createRule = (input: LabelRuleOptions = {}): LabelRule => {
  const { labels, box } = checkOptions(labelRuleSchema, 'choosing the rule of the ground truth', input);
  switch (labels) {
    case 'auto':
      return autoRule(maskRule(), boxRule(box));
    case 'box':
      return boxRule(box);
    case 'mask':
      return maskRule();
  }
};
