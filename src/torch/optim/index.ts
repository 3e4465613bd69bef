export { Optimizer, type PythonOptimizerState } from './optimizer.js';
export { type AdamOptions, adam, adamW, type SgdOptions, sgd } from './optimizers.js';
