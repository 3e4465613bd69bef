export { convertModel } from './convertModel.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export { type FrocFileOptions, type FrocResult, froc } from './froc/froc.js';
export { readMarks, readSeriesUids, type SeriesMark } from './froc/readMarks.js';
export { type FalsePositive, type MineOptions, mineFalsePositives } from './mineFalsePositives.js';
export { type EpochRecord, type RunHistory, readRunHistory } from './report/runHistory.js';
export { type Report, type ReportOptions, writeReport } from './report/writeReport.js';
export type { ScanChoice } from './scanChoice.js';
