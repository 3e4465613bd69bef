export * from './activations.js';
export { type AttentionOptions, scaledDotProductAttention } from './attention.js';
export * from './convolutions.js';
export { type DropoutOptions, dropout, dropout1d, dropout2d, dropout3d } from './dropout.js';
export {
  cosineSimilarity,
  type EmbeddingFunctionOptions,
  embedding,
  oneHot,
  pairwiseDistance,
} from './embedding.js';
export { type InterpolateOptions, type InterpolationMode, interpolate } from './interpolate.js';
export * from './losses.js';
export {
  type AffineOptions,
  type BatchNormFunctionOptions,
  batchNorm,
  groupNorm,
  type InstanceNormFunctionOptions,
  instanceNorm,
  layerNorm,
  type NormalizeOptions,
  normalize,
  rmsNorm,
} from './norms.js';
export type { Reduction } from './options.js';
export * from './pooling.js';
export * from './spatial.js';
