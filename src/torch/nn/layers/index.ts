export { type Relu, relu, type Sigmoid, sigmoid } from './activations.js';
export {
  type BatchNorm1d,
  type BatchNorm2d,
  type BatchNorm2dOptions,
  type BatchNorm3d,
  type BatchNormOptions,
  batchNorm1d,
  batchNorm2d,
  batchNorm3d,
  type InstanceNorm1d,
  type InstanceNorm2d,
  type InstanceNorm3d,
  type InstanceNormOptions,
  instanceNorm1d,
  instanceNorm2d,
  instanceNorm3d,
} from './batchNorm.js';
export {
  type Conv1d,
  type Conv1dOptions,
  type Conv2d,
  type Conv2dOptions,
  type Conv3d,
  type Conv3dOptions,
  type ConvOptions,
  conv1d,
  conv2d,
  conv3d,
} from './conv.js';
export {
  type ConvTranspose1d,
  type ConvTranspose1dOptions,
  type ConvTranspose2d,
  type ConvTranspose2dOptions,
  type ConvTranspose3d,
  type ConvTranspose3dOptions,
  type ConvTransposeOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from './convTranspose.js';
export { type Linear, type LinearOptions, linear } from './linear.js';
export type { Axes, Pair, Single, Sizes, Triple } from './sizes.js';
