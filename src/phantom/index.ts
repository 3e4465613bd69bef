export { type LevelParameters, levels, type NoduleAttachment, type NoduleKind, type PhantomLevel } from './levels.js';
export { type PhantomOptions, type PhantomSetOptions, phantomSchema, phantomSetSchema } from './phantomOptions.js';
export { type Phantom, type PhantomNodule, synthesize } from './synthesize.js';
export { writePhantoms } from './writePhantoms.js';
