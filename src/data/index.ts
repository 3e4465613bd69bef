export { type AuditProgress, auditDataset } from './auditDataset.js';
export { type Dataset, type DatasetScan, loadScans } from './dataset.js';
export { type Fingerprint, fingerprint } from './fingerprint.js';
export type { LabelledScan, ScanNodule } from './labelling/labelledScan.js';
export { noduleDiameter, SIZE_CLASS_NAMES, sizeClass, sizeClassOfDiameter } from './labelling/sizeClasses.js';
export { type DatasetOptions, openDataset } from './openDataset.js';
export {
  type Augmentation,
  augmentationSchema,
  type SamplerCompat,
  samplerCompatSchema,
} from './sampling/augmentationOptions.js';
export type { CropSource } from './sampling/gatherCrops.js';
export { readHardPoints } from './sampling/hardPoints.js';
export {
  createSampler,
  type Sampler,
  type SamplerOptions,
  type SamplerState,
  samplerOptionsSchema,
} from './sampling/sampler.js';
export { imageFiles } from './sources/imagesIn.js';
export { type Luna16, type Luna16Series, openLuna16 } from './sources/luna16.js';
export { openSource } from './sources/openSource.js';
export type { Source, SourceScan } from './sources/source.js';
export {
  changedSourceOptions,
  pickSourceOptions,
  type SourceOptions,
  sourceOptionsSchema,
} from './sources/sourceOptions.js';
export type { Fold } from './splits/fold.js';
export { assignFold, drawFolds, type FoldChoice, sharesPatients, splitFromFold } from './splits/folds.js';
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
export { type SplitChoice, splitChoiceFault } from './splits/splitChoice.js';
export { collectGarbage } from './store/collectGarbage.js';
export { type PrepareOptions, type PrepareProgress, prepare, prepareOptionsSchema } from './store/prepare.js';
export { verifyStore } from './store/verifyStore.js';
