export { convertModel } from './convertModel.js';
export { type EvaluatedScan, type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export { type FalsePositive, type MineOptions, mineFalsePositives } from './mineFalsePositives.js';
export type { AveragedName, EvaluatedNodule, MeanFigure, NoduleFigures, NoduleGroup } from './noduleFigures.js';
export { type EpochRecord, type RunHistory, readRunHistory } from './report/runHistory.js';
export { type Report, type ReportOptions, writeReport } from './report/writeReport.js';
export type { ScanChoice } from './scanChoice.js';
