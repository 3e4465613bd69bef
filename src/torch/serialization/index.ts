export { loadPt, loadPtSync } from './loadPt.js';
export { type LoadedTensors, loadTensors, loadTensorsSync } from './loadTensors.js';
export { savePt, savePtSync } from './savePt.js';
export { saveTensors, saveTensorsSync } from './saveTensors.js';
