export {
  batchNorm2d,
  conv2d,
  convTranspose2d,
  linear,
  relu,
  Sequential,
  sequential,
  sigmoid,
} from './layers.js';
export { buffer, Module, type ModuleEntry, parameter } from './module.js';
export type { StateDict } from './stateDict.js';
export { UNet, unet } from './unet.js';
export { type ResolvedUNetOptions, type UNetOptions, unetOptions } from './unetOptions.js';
