import { type BoxRuleOptions, boundingBoxMask, boxRuleSchema } from '../boxSearch/boundingBoxMask.js';
import type { LabelRule } from './labelRule.js';

/**
 * Ground truth from annotated points: the dense voxels around each, limited by its diameter ({@link boundingBoxMask}).
 */
export function boxRule(input: BoxRuleOptions = {}): LabelRule {
  const options = boxRuleSchema.parse(input);
  const isBooks = options.preset === 'book' || Object.values(options.compat).includes(true);
  return {
    name: 'box',
    version: 1,
    options,
    files: () => [],
    fromPoints: () => true,
    label: async (volume, { annotations }) => {
      const { mask, nodules } = boundingBoxMask(volume, annotations, options);
      // The book also trains on slices around points of which its search labelled nothing.
      return { mask, nodules: isBooks ? nodules.map((nodule) => ({ ...nodule, marked: true })) : nodules };
    },
  };
}
