export { arange, fromData, full, linspace, ones, rand, randn, type TensorOptions, tensor, zeros } from './create.js';
export { CudaGraph } from './cudaGraph.js';
export { type Device, type DType, dtypes, type TypedArray } from './dtype.js';
export { autocast, gradients, noGrad } from './gradMode.js';
export * as losses from './losses/index.js';
export {
  cpuCapability,
  cuda,
  emptyCache,
  getNumThreads,
  type Memory,
  manualSeed,
  memory,
  setNumThreads,
} from './memory.js';
export type { Module } from './nn/index.js';
export * as nn from './nn/index.js';
export { type Operator, type OperatorArgument, op, ops } from './operators.js';
export * as optim from './optim/index.js';
export { setAllowTf32, setDeterministic } from './precision.js';
export { keep, scope } from './scope.js';
export * from './serialization/index.js';
export { type IndexItem, isTensor, type NestedArray, type Operand, Tensor } from './tensor.js';
