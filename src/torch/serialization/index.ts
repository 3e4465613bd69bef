export { loadNpy, loadNpySync } from './npy/loadNpy.js';
export { type LoadNpzOptions, loadNpz, loadNpzSync } from './npy/loadNpz.js';
export { loadPt, loadPtSync } from './pickle/loadPt.js';
export { type LoadedTensors, loadTensors, loadTensorsSync } from './loadTensors.js';
export { saveNpy, saveNpySync } from './npy/saveNpy.js';
export { type NpzOptions, saveNpz, saveNpzSync } from './npy/saveNpz.js';
export { savePt, savePtSync } from './pickle/savePt.js';
export { saveTensors, saveTensorsSync } from './saveTensors.js';
