export { ModuleDict, moduleDict } from './moduleDict.js';
export { ModuleList, moduleList } from './moduleList.js';
export type { NamedItems } from './namedItems.js';
export { ParameterDict, ParameterList, parameterDict, parameterList } from './parameterList.js';
export { Sequential, sequential } from './sequential.js';
