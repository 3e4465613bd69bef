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
export { emptyCache, type Memory, memory, setCacheLimit } from './memory.js';
export type { CudaMemory } from './native.js';
export * as functional from './nn/functional/index.js';
export type { Module } from './nn/index.js';
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
export { type AsyncOps, type Ops, ops, opsAsync } from './operators/ops.js';
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
export { fromData, tensor } from './tensor/create.js';
export {
  type ArrayOf,
  type Device,
  type DType,
  type DTypeOf,
  dtypes,
  type HalfArray,
  type ItemOf,
  type TypedArray,
  type ValueOf,
} from './tensor/dtype.js';
export {
  arange,
  empty,
  eye,
  type Factory,
  full,
  linspace,
  logspace,
  ones,
  rand,
  randint,
  randn,
  randperm,
  zeros,
} from './tensor/factories.js';
export { type Edge, ellipsis, type IndexItem, type IndexList, newaxis, type Slice, slice } from './tensor/indexItem.js';
export { cat, stack, where } from './tensor/join.js';
export { emptyLike, fullLike, type LikeFactory, onesLike, randLike, randnLike, zerosLike } from './tensor/likes.js';
export type { ArrayOfDims, Dims, NestedArray } from './tensor/nestedArray.js';
export type { Nested, NestedOf } from './tensor/readNested.js';
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
export { type BackwardOptions, type Closeness, isTensor, Tensor } from './tensor/tensor.js';
export {
  type ExpectedTensor,
  type MatcherResult,
  type TensorMatchers,
  tensorMatchers,
} from './tensor/tensorMatchers.js';
export type { TensorOptions } from './tensor/tensorOptions.js';
