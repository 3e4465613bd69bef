export * from './bootstrap.js';
export * from './components.js';
export * from './dice.js';
export * from './lungMask.js';
export * from './matching.js';
export * from './noduleScore.js';
export * from './thresholdBaseline.js';
