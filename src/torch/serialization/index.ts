export { type LoadedTensors, loadTensors, loadTensorsSync, readMetadataSync } from './loadTensors.js';
export { loadNpy, loadNpySync } from './npy/loadNpy.js';
export { type LoadNpzOptions, loadNpz, loadNpzSync } from './npy/loadNpz.js';
export { mapNpy, type NpyData, type NpyFile, writeNpy } from './npy/npyArray.js';
export { saveNpy, saveNpySync } from './npy/saveNpy.js';
export { type NpzOptions, saveNpz, saveNpzSync } from './npy/saveNpz.js';
export { loadPt, loadPtSync } from './pickle/loadPt.js';
export { savePt, savePtSync } from './pickle/savePt.js';
export { saveTensors, saveTensorsSync } from './saveTensors.js';
