export * from './bootstrap.js';
export * from './cropScore.js';
export * from './dice.js';
export * from './matching.js';
export * from './noduleScore.js';
export * from './selectionScore.js';
export * from './thresholdBaseline.js';
export * from './trueNodules.js';
