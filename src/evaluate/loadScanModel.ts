import type { Device } from '../torch/index.js';
import { loadModel } from '../train/checkpoint.js';
import type { OperatingPoint } from './operatingPoint.js';
import type { ScanModel } from './scanModel.js';

export interface LoadedScanModel {
  model: ScanModel;
  /** What the run judged its validations by. */
  point: OperatingPoint;
  /** Patients (or series) that it was trained on. */
  trainedOn: ReadonlySet<string>;
}

/**
 * Opens a checkpoint for segmenting whole scans.
 * @throws NoduleTrainError what `loadModel` throws
 */
export function loadScanModel(path: string, device: Device): LoadedScanModel {
  const { net, description } = loadModel(path);
  const { contextSlices, input, sizeMultiple, threshold, minimumVoxels, trainedOn } = description;
  return {
    model: { net: net.to(device), contextSlices, input, sizeMultiple, device },
    point: { threshold, minimumVoxels },
    trainedOn: new Set(trainedOn),
  };
}
