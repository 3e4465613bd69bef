import { type BoxRuleOptions, boundingBoxMask, boxRuleSchema } from '../boxSearch/boundingBoxMask.js';
import type { LabelRule } from './labelRule.js';

/**
 * Ground truth from annotated points: the dense voxels around each, limited by its diameter ({@link boundingBoxMask}).
 */
export function boxRule(input: BoxRuleOptions = {}): LabelRule {
  const options = boxRuleSchema.parse(input);
  return {
    name: 'box',
    version: 1,
    options,
    files: () => [],
    fromPoints: () => true,
    label: async (volume, { annotations }) => boundingBoxMask(volume, annotations, options),
  };
}
