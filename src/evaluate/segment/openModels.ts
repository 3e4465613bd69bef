import { basename } from 'node:path';
import { modelNames, modelPath, type OpenedModel, openModel } from '../../model/index.js';
import { fileHashSync, LIBTORCH_VERSION, PACKAGE_VERSION } from '../../runtime/index.js';
import type { OperatingPoint } from '../../score/index.js';
import { chooseDevice, type Device, setNumThreads } from '../../torch/index.js';
import { NOTICE, type Provenance } from './scanResult.js';
import { type SegmentModelOptions, segmentModelSchema } from './segmentOptions.js';

/** The models of a worker, opened once. */
export interface OpenedModels {
  /** One, or the members of an ensemble. */
  members: OpenedModel[];
  /** Operating point of the first model. */
  point: OperatingPoint;
  device: Device;
  /** What provenance says about them. */
  provenance: Pick<Provenance, 'software' | 'version' | 'libtorch' | 'device' | 'models' | 'notice'>;
  /** Options of the models that change the result. */
  options: Record<string, string | number | boolean>;
}

/**
 * Opens the models that segment together.
 * @throws NoduleTrainError `device`, and what `openModel` throws
 */
export function openModels(models: readonly string[], given: SegmentModelOptions): OpenedModels {
  const { device: requested, threads, ...options } = segmentModelSchema.parse(given);
  if (threads > 0) setNumThreads(threads);
  const device = chooseDevice(requested);
  const members = models.map((model) => openModel(model, device, options));
  return {
    members,
    point: members[0]!.point,
    device,
    provenance: {
      software: 'nodule-train',
      version: PACKAGE_VERSION,
      libtorch: LIBTORCH_VERSION,
      device,
      models: describeModels(models),
      notice: NOTICE,
    },
    options: Object.fromEntries(
      Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  };
}

/** Returns names and hashes of model files. A bundled model has its name, a file its name without folders. */
export function describeModels(models: readonly string[]): Provenance['models'] {
  return models.map((model) => {
    const path = modelPath(model);
    const name = (modelNames as readonly string[]).includes(model) ? model : basename(path);
    return { name, sha256: fileHashSync(path).sha256 };
  });
}
