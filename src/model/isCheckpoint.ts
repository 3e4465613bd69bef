import { loadTensorsSync, scope } from '../torch/index.js';
import { modelFormat } from './modelFile.js';
import { isSafetensors } from './readWeights.js';

const metadataOf = (path: string): Readonly<Record<string, string>> =>
  isSafetensors(path) ? scope(() => loadTensorsSync(path).metadata) : {};

/** Whether the file is one of ours, with a model's description. */
export const isCheckpoint = (path: string): boolean => metadataOf(path).model !== undefined;

/** Whether it is a model alone, without the state of a run. */
export const isHandedOn = (path: string): boolean => metadataOf(path).format === modelFormat;
