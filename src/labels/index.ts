export {
  type AccountRow,
  accountLine,
  accountNotes,
  accountRows,
  hasLosses,
  type LabelCounts,
} from './account/accountRows.js';
export { fateWithoutVoxel } from './account/fateWithoutVoxel.js';
export { findDuplicates } from './account/findDuplicates.js';
export { impossibleSize } from './account/impossibleSize.js';
export {
  type LabelAccount,
  LOST_FATES,
  type LostCounts,
  labelsEvent,
  type ScanLabels,
  sumLabels,
} from './account/labelAccount.js';
export { LABEL_FATES, type LabelFate, type LostFate, type LostLabel } from './account/labelFate.js';
export { LOST_LABELS_FILE, lostLabelsCsv, saveLostLabels } from './account/lostLabelsCsv.js';
export { impossibleLoss, refuseImpossibleLoss } from './account/lostShare.js';
export { POINT_CAUSES } from './account/pointCauses.js';
export { type Annotation, coordinateColumn, readAnnotations, SERIES_NAMES } from './annotations.js';
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
export type { LabelImage, LabelRule, LabelValues, RuleNodule, RuleTruth, ScanTruth } from './rules/labelRule.js';
export { readTable, type TableColumn, type TableFormat, type TableRow } from './tables/readTable.js';
