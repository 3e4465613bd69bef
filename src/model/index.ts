export { type FoundNodule, findNodules, type ScanNodules } from './findNodules.js';
export { mirrorAveraged } from './mirrorAveraged.js';
export type { InputTransform, ModelDescription } from './modelDescription.js';
export {
  type CheckpointTensors,
  createInferenceNet,
  type LoadedModelFile,
  loadModelFile,
  modelFileKind,
  saveCheckpointFile,
  saveModel,
} from './modelFile.js';
export { modelNames, modelPath } from './namedModel.js';
export { type ModelOptions, modelOptionsSchema, type OpenedModel, openModel } from './openModel.js';
export { predictScan } from './predictScan.js';
export { type ModelContents, type ReadModelFor, readModel } from './readModel.js';
export { isModelFile, isSafetensors, readWeights } from './readWeights.js';
export { runSliceBatches, type SliceBatchOptions } from './runSliceBatches.js';
export type { ScanModel } from './scanModel.js';
export { type ScanOptions, scanProbabilities } from './scanProbabilities.js';
export { type Segmentation, segmentScan } from './segmentScan.js';
export { tensorsHash } from './tensorsHash.js';
export { coveringWindows, scaleWindow, type WindowOptions, windowProbabilities } from './windowProbabilities.js';
