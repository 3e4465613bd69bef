import { type BoxRuleOptions, boundingBoxMask, boxRuleSchema } from '../boxSearch/boundingBoxMask.js';
import type { LabelRule } from './labelRule.js';

/** Truth from annotated points by `boundingBoxMask`: what is dense around each point, within reach of its annotated diameter. */
export const boxRule = (input: BoxRuleOptions = {}): LabelRule => {
  const options = boxRuleSchema.parse(input);
  return {
    name: 'box',
    version: 1,
    options,
    files: () => [],
    label: async (volume, { annotations }) => boundingBoxMask(volume, annotations, options),
  };
};
