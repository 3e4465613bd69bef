export { type ClipNormOptions, clipGradNorm, clipGradValue } from './autograd/clipGradients.js';
export * as autograd from './autograd/index.js';
export {
  type AutocastOptions,
  autocast,
  carryModes,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
} from './autograd/modes.js';
export { chooseDevice } from './chooseDevice.js';
export { cuda } from './cuda.js';
export { CudaGraph } from './cudaGraph.js';
export * as losses from './losses/index.js';
export { emptyCache, type Memory, memory } from './memory.js';
export type { CudaMemory } from './native.js';
export type { Module } from './nn/index.js';
export * as functional from './nn/functional/index.js';
export * as nn from './nn/index.js';
export type {
  Int,
  Ints,
  Layout,
  MemoryFormat,
  Operand,
  OperatorArgument,
  Scalar,
} from './operators/operatorArguments.js';
export { type Operator, op } from './operators/operators.js';
export { type Ops, ops } from './operators/ops.js';
export * as optim from './optim/index.js';
export { keep, scope } from './scope.js';
export {
  encodeNpy,
  encodeNpySync,
  encodeNpz,
  encodeNpzSync,
  encodePt,
  encodePtSync,
  encodeTensors,
  encodeTensorsSync,
  type FilePath,
  type FileSource,
  type LoadedTensors,
  type LoadNpzOptions,
  loadNpy,
  loadNpySync,
  loadNpz,
  loadNpzSync,
  loadPt,
  loadPtSync,
  loadTensors,
  loadTensorsSync,
  type Metadata,
  mapNpy,
  type NamedTensors,
  type NpyData,
  type NpyFile,
  type NpzOptions,
  readMetadataSync,
  saveNpy,
  saveNpySync,
  saveNpz,
  saveNpzSync,
  savePt,
  savePtSync,
  saveTensors,
  saveTensorsSync,
  weightsFormatOf,
  writeNpy,
} from './serialization/index.js';
export { cpuCapability, getNumThreads, manualSeed, setAllowTf32, setDeterministic, setNumThreads } from './settings.js';
export {
  arange,
  fromData,
  full,
  linspace,
  ones,
  rand,
  randn,
  type TensorOptions,
  tensor,
  zeros,
} from './tensor/create.js';
export { type Device, type DType, dtypes, type TypedArray } from './tensor/dtype.js';
export type { IndexItem } from './tensor/indexTensor.js';
export type { NestedArray } from './tensor/nestedArray.js';
export {
  fromShared,
  fromSharedState,
  revokeShared,
  revokeSharedState,
  type SharedState,
  type SharedTensor,
  type ShareOptions,
  shareState,
} from './tensor/share.js';
export { type BackwardOptions, isTensor, Tensor } from './tensor/tensor.js';
