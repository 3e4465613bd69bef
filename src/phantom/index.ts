export { type InsertedSet, insertIntoScans } from './insert/insertIntoScans.js';
export {
  type ExistingNodule,
  type InsertContext,
  type InsertedNodule,
  type InsertedScan,
  insertNodules,
} from './insert/insertNodules.js';
export { type InsertOptions, type InsertSetOptions, insertSchema, insertSetSchema } from './insert/insertOptions.js';
export { type ScanSurvey, surveyScan } from './insert/surveyScan.js';
export { type LevelParameters, levels, type NoduleAttachment, type NoduleKind, type PhantomLevel } from './levels.js';
export { type PhantomOptions, type PhantomSetOptions, phantomSchema, phantomSetSchema } from './phantomOptions.js';
export { type Phantom, type PhantomNodule, synthesize } from './synthesize.js';
export { writePhantoms } from './writePhantoms.js';
