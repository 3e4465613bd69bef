export { type WeightsFormat, weightsFormatOf } from './fileKind.js';
export type { FilePath, FileSource } from './fileSource.js';
export { type LoadedTensors, loadTensors, loadTensorsSync, readMetadataSync } from './loadTensors.js';
export { loadNpy, loadNpySync } from './npy/loadNpy.js';
export { type LoadNpzOptions, loadNpz, loadNpzSync } from './npy/loadNpz.js';
export { mapNpy, type NpyData, type NpyFile, writeNpy } from './npy/npyArray.js';
export { encodeNpy, encodeNpySync, saveNpy, saveNpySync } from './npy/saveNpy.js';
export { encodeNpz, encodeNpzSync, type NpzOptions, saveNpz, saveNpzSync } from './npy/saveNpz.js';
export { loadPt, loadPtSync } from './pickle/loadPt.js';
export { encodePt, encodePtSync, savePt, savePtSync } from './pickle/savePt.js';
export {
  encodeTensors,
  encodeTensorsSync,
  type Metadata,
  type NamedTensors,
  saveTensors,
  saveTensorsSync,
} from './saveTensors.js';
