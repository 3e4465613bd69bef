export { type Annotation, readAnnotations } from './annotations.js';
export { type BoxRuleOptions, boundingBoxMask, boxRuleSchema, type LabelledNodule } from './boundingBoxMask.js';
export { componentAt } from './componentAt.js';
export { createRule, type LabelRuleOptions, labelRuleSchema } from './createRule.js';
export { indexContours } from './indexContours.js';
export type { LabelRule, RuleNodule, ScanTruth } from './labelRule.js';
