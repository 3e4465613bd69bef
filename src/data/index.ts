export { type AuditProgress, auditDataset } from './auditDataset.js';
export { type Dataset, type DatasetOptions, type DatasetScan, loadScans, openDataset } from './dataset.js';
export type { LabelledScan, ScanNodule } from './labelling/labelledScan.js';
export { noduleDiameter, sizeClassNames, sizeClassOf } from './labelling/sizeClasses.js';
export {
  type Augmentation,
  augmentationSchema,
  type SamplerCompat,
  samplerCompatSchema,
} from './sampling/augmentation.js';
export { readHardPoints } from './sampling/hardPoints.js';
export {
  createSampler,
  type Sampler,
  type SamplerOptions,
  type SamplerState,
  samplerOptionsSchema,
} from './sampling/sampler.js';
export { type Luna16, type Luna16Series, luna16OptionsSchema, openLuna16 } from './sources/luna16.js';
export { type Layout, openSource } from './sources/openSource.js';
export type { Fold, Source, SourceScan } from './sources/source.js';
export { type SourceOptions, sourceOptionsOf, sourceOptionsSchema } from './sources/sourceOptions.js';
export { drawFolds, type FoldChoice, foldOf, sharesPatients, splitOfFold } from './splits/folds.js';
export {
  checkSplit,
  drawSplit,
  readSplit,
  type Split,
  type SplitPart,
  splitOptionsSchema,
  splitSchema,
  writeSplit,
} from './splits/split.js';
export { readSplits, writeSplits } from './splits/splitsFile.js';
export { type PrepareProgress, prepare, prepareOptionsSchema } from './store/prepare.js';
