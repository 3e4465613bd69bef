export * from './containers/index.js';
export * as functional from './functional/index.js';
export type { MultiheadAttentionCall } from './functional/multiHeadAttention.js';
export * from './layers/index.js';
export { type BufferOptions, buffer, type ParameterOptions, parameter } from './marks.js';
export { type AnyModule, type ForwardHook, type Inputs, Module, type ModuleEntry } from './module.js';
export type { LoadStateDictOptions, StateDict, StateDictKeys } from './stateDict.js';
export { UNet, unet } from './unet.js';
export { type ResolvedUNetOptions, type UNetOptions, unetOptions } from './unetOptions.js';
