export { LABEL_FATES, type LabelFate, type LostLabel } from './account/labelFate.js';
export { type Annotation, readAnnotations } from './annotations.js';
export type { AuditCounts } from './audit/auditCounts.js';
export { auditPage } from './audit/auditPage.js';
export { auditScan } from './audit/auditScan.js';
export {
  type AuditCheck,
  type AuditFlag,
  type AuditSeverity,
  auditChecks,
  type NoduleFigures,
  type NotJudged,
  type ScanAudit,
  type ScanToAudit,
  tolerances,
} from './audit/auditTypes.js';
export { type Audits, collectAudits, type Finding } from './audit/collectAudits.js';
export { writeAudit } from './audit/writeAudit.js';
export {
  type BoxRuleOptions,
  boundingBoxMask,
  boxRuleSchema,
  type LabelledNodule,
} from './boxSearch/boundingBoxMask.js';
export { componentAt } from './componentAt.js';
export { indexContours } from './contours/indexContours.js';
export { type MaskForOptions, readMaskFor } from './readMaskFor.js';
export { createRule, type LabelRuleOptions, labelRuleSchema } from './rules/createRule.js';
export type { LabelRule, RuleNodule, ScanTruth } from './rules/labelRule.js';
