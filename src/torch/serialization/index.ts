export { loadNpy, loadNpySync } from './loadNpy.js';
export { type LoadNpzOptions, loadNpz, loadNpzSync } from './loadNpz.js';
export { loadPt, loadPtSync } from './pickle/loadPt.js';
export { type LoadedTensors, loadTensors, loadTensorsSync } from './loadTensors.js';
export { saveNpy, saveNpySync } from './saveNpy.js';
export { type NpzOptions, saveNpz, saveNpzSync } from './saveNpz.js';
export { savePt, savePtSync } from './pickle/savePt.js';
export { saveTensors, saveTensorsSync } from './saveTensors.js';
