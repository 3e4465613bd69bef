export { convertModel } from './convertModel.js';
export { type EvaluatedScan, type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export { type FrocFileOptions, type FrocResult, froc } from './froc/froc.js';
export { readMarks, readSeriesUids, type SeriesMark } from './froc/readMarks.js';
export { type FalsePositive, type MineOptions, mineFalsePositives } from './mineFalsePositives.js';
export type { AveragedName, EvaluatedNodule, MeanFigure, NoduleFigures, NoduleGroup } from './noduleFigures.js';
export { type EpochRecord, type RunHistory, readRunHistory } from './report/runHistory.js';
export { type Report, type ReportOptions, writeReport } from './report/writeReport.js';
export type { ScanChoice } from './scanChoice.js';
export type {
  BatchEndEvent,
  BatchEvent,
  BatchProgressEvent,
  BatchScanEvent,
  BatchStartEvent,
  ScanSummary,
} from './segment/batch/batchEvents.js';
export { type SegmentScansOptions, segmentScans, segmentScansSchema } from './segment/batch/segmentScans.js';
export { labelImage, semanticMask } from './segment/labelImage.js';
export { openSegmenter, type Segmenter } from './segment/openSegmenter.js';
export type { Provenance } from './segment/scanResult.js';
export { type SegmentOptions, segment } from './segment/segment.js';
export type {
  SegmentEvent,
  SegmentNoteEvent,
  SegmentProgressEvent,
  SegmentResult,
  SegmentResultEvent,
} from './segment/segmentEvents.js';
export type { Format, SegmentModelOptions, SegmentScanOptions } from './segment/segmentOptions.js';
