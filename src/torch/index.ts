export { chooseDevice } from './chooseDevice.js';
export { cuda } from './cuda.js';
export { CudaGraph } from './cudaGraph.js';
export { autocast, carryModes, gradients, noGrad } from './gradMode.js';
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
  mapNpy,
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
export { fromShared, revokeShared, type SharedTensor } from './tensor/share.js';
export { isTensor, Tensor } from './tensor/tensor.js';
