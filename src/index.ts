export {
  type Component,
  type Components,
  connectedComponents,
  convertScan,
  type DicomSeries,
  type Index3,
  type IndexIRC,
  indexIRC,
  indexToWorld,
  listSeries,
  lungMask,
  type MaskVolume,
  nearestIndex,
  readMask,
  readVolume,
  resampleMask,
  resampleVolume,
  type Shape3,
  type Volume,
  type WorldLPS,
  worldLPS,
  worldToIndex,
  writeMask,
  writeVolume,
} from './ct/index.js';
export {
  auditDataset,
  createSampler,
  type Dataset,
  type LabelledScan,
  openDataset,
  openLuna16,
  openSource,
  type PrepareProgress,
  prepare,
  type Sampler,
  type SamplerOptions,
  type Split,
} from './data/index.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate/evaluate.js';
export { type FalsePositive, type MineOptions, mineFalsePositives } from './evaluate/mineFalsePositives.js';
export { type Report, type ReportOptions, writeReport } from './evaluate/report/writeReport.js';
export {
  type Annotation,
  auditScan,
  boundingBoxMask,
  type MaskForOptions,
  readAnnotations,
  readMaskFor,
  type ScanAudit,
} from './labels/index.js';
export * from './phantom/index.js';
export { NoduleTrainError } from './runtime/error.js';
export * from './score/index.js';
export { resolveTrainConfig, type TrainConfig, type TrainConfigInput, trainConfigSchema } from './train/config/config.js';
export type * from './train/events.js';
export {
  findLearningRate,
  type RateFinderHooks,
  type RateFinding,
  type RateSweep,
} from './train/inspect/findLearningRate.js';
export { resumeTraining, type TrainOptions, train } from './train/train.js';
export type { BatchPlace, UserAugmentation } from './train/userModules/userBatches.js';
export type { UserLoss } from './train/userModules/userLoss.js';
export type { UserSampler } from './train/userModules/userSampler.js';
