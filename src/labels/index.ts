export { type Annotation, readAnnotations } from './annotations.js';
export { type BoxRuleOptions, boundingBoxMask, boxRuleSchema, type LabelledNodule } from './boxRule.js';
export { componentAt } from './componentAt.js';
