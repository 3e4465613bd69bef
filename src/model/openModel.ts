import { z } from 'zod';
import { NoduleTrainError } from '../runtime/index.js';
import type { OperatingPoint } from '../score/index.js';
import { type Device, type Module, scope } from '../torch/index.js';
import { createInferenceNet } from './createInferenceNet.js';
import { mirrorAveraged } from './mirrorAveraged.js';
import { modelPath } from './namedModel.js';
import { type ReadModelFor, readModel } from './readModel.js';
import { receptiveRadius } from './scan/receptiveRadius.js';
import type { ScanModel } from './scanModel.js';

export const modelOptionsSchema = z.strictObject({
  pooling: z
    .enum(['max', 'avg'])
    .optional()
    .describe("pooling of a model file that does not record it: pytorch-unet's is max, the book's avg"),
  input: z
    .enum(['hu-clip', 'minmax-window'])
    .optional()
    .describe(
      'input of a model file that does not record it: HU clipped to ±1000, or 8-bit crops scaled slice by slice',
    ),
  flips: z
    .boolean()
    .optional()
    .describe(
      'average over the four mirror images of each slice, in four times the time; by default as the model records',
    ),
});

export type ModelOptions = z.output<typeof modelOptionsSchema>;

export interface OpenedModel {
  model: ScanModel;
  /** The network itself, without mirror averaging. Disposing it frees the model. */
  net: Module;
  /** Operating point chosen by its run; for plain weights, a threshold of one half. */
  point: OperatingPoint;
  /** Patients (or series) it was trained on; empty where the file does not record them. */
  trainedOn: ReadonlySet<string>;
}

const READING: ReadModelFor = {
  doing: 'reading the model',
  option: '--',
  missing: 'model-unsaid',
  contradiction: 'model-said',
};

/**
 * Opens a model for whole scans: a bundled one by its name (`default`, `phantom-hu`), an exported model or checkpoint,
 * or plain weights (`.safetensors`, or `.pt`, `.pth` and `.state` of torch.save) together with what they do not record.
 * Mirror averaging, if chosen, is part of the returned network, so everything that runs the model has it.
 *
 * @throws NoduleTrainError `model-unsaid` if pooling or input must be given, `model-said` if they contradict the file,
 *   `model-shape` for a network that does not map an odd number of slices to one probability, `model-not-finite` for
 *   weights that are NaN or infinite, and what reading the file throws
 */
export function openModel(model: string, device: Device, options: ModelOptions = {}): OpenedModel {
  const path = modelPath(model);
  return scope(() => {
    const { state, network, input, description } = readModel(path, options, READING);
    const { inChannels = 1, classes, depth = 5 } = network;
    if (inChannels % 2 === 0 || classes !== 1)
      throw new NoduleTrainError(
        'model-shape',
        `reading the model ${path}: found a network with ${inChannels} input channels and ${classes} outputs, ` +
          'expected an odd number of slices and one probability for the middle one',
      );
    const net = createInferenceNet(network, state);
    net.to(device).eval();
    const { flips = description?.flips ?? false } = options;
    return {
      model: {
        net: flips ? mirrorAveraged(net) : net,
        ...(flips && { unaveraged: net }),
        contextSlices: (inChannels - 1) / 2,
        input,
        sizeMultiple: description?.sizeMultiple ?? 2 ** (depth - 1),
        radius: receptiveRadius(depth, network.upMode),
        device,
      },
      net,
      point: {
        threshold: description?.threshold ?? 0.5,
        minimumVoxels: description?.minimumVoxels ?? 1,
        minimumScore: description?.minimumScore ?? 0,
      },
      trainedOn: new Set(description?.trainedOn ?? []),
    };
  });
}
