import { z } from 'zod';
import { checkOptions } from '../../ct/index.js';
import { boxRuleSchema } from '../boxSearch/boundingBoxMask.js';
import { autoRule } from './autoRule.js';
import { boxRule } from './boxRule.js';
import { contourRule } from './contourRule.js';
import type { LabelRule } from './labelRule.js';
import { maskRule, maskRuleSchema } from './maskRule.js';
import { sphereRule, sphereRuleSchema } from './sphereRule.js';
import { voteRule, voteRuleSchema } from './voteRule.js';

/** The choice of a label rule, and the options of each. */
export const labelRuleSchema = z.strictObject({
  labels: z
    .enum(['auto', 'box', 'sphere', 'contours', 'votes', 'mask'])
    .default('auto')
    .describe('ground-truth rule; auto: mask if the scan has one, else box'),
  box: boxRuleSchema.prefault({}),
  sphere: sphereRuleSchema.prefault({}),
  votes: voteRuleSchema.prefault({}),
  mask: maskRuleSchema.prefault({}),
});

export type LabelRuleOptions = z.input<typeof labelRuleSchema>;

/**
 * Creates the label rule selected by the options.
 * @throws NoduleTrainError `options`
 */
export function createRule(input: LabelRuleOptions = {}): LabelRule {
  const options = checkOptions(labelRuleSchema, 'choosing the label rule', input);
  const rules = {
    auto: () => autoRule(maskRule(options.mask), boxRule(options.box)),
    box: () => boxRule(options.box),
    sphere: () => sphereRule(options.sphere),
    contours: () => contourRule(options.votes),
    votes: () => voteRule(options.votes),
    mask: () => maskRule(options.mask),
  };
  return rules[options.labels]();
}
