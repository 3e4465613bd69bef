export { loadPt, loadPtSync } from './loadPt.js';
export { type LoadedTensors, loadTensors, loadTensorsSync } from './loadTensors.js';
export { saveTensors, saveTensorsSync } from './saveTensors.js';
