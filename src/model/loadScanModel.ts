import { z } from 'zod';
import { NoduleTrainError } from '../runtime/error.js';
import type { OperatingPoint } from '../score/index.js';
import { type Device, type Module, scope } from '../torch/index.js';
import { loadModel } from '../train/run/checkpoint.js';
import { isCheckpoint } from './isCheckpoint.js';
import { networkOf } from './networkOf.js';
import { predictingNet } from './predictingNet.js';
import { readWeights } from './readWeights.js';
import { refuseNotFinite } from './refuseNotFinite.js';
import { modelPath } from './namedModel.js';
import type { ScanModel } from './scanModel.js';

export const modelOptionsSchema = z.strictObject({
  pooling: z
    .enum(['max', 'avg'])
    .optional()
    .describe("of a model file that does not say it: pytorch-unet's is max, the book's avg"),
  input: z
    .enum(['hu-clip', 'minmax-window'])
    .optional()
    .describe('of a model file that does not say it: HU clipped to ±1000, or 8-bit crops scaled slice by slice'),
  flips: z
    .boolean()
    .optional()
    .describe("average over the four mirror images of each slice, in four times the time; default the model's"),
});

export type ModelOptions = z.output<typeof modelOptionsSchema>;

export interface LoadedScanModel {
  model: ScanModel & { net: Module };
  /** What the run judged its validations by; for plain weights a probability above one half. */
  point: OperatingPoint;
  /** Patients (or series) that it was trained on; empty where the file does not say it. */
  trainedOn: ReadonlySet<string>;
}

/**
 * Opens a model for whole scans: one that comes with this package, by its name (`default`, `phantom-hu`), a checkpoint of a run, or plain weights (`.safetensors`, or `.pt` and `.state` of torch.save)
 * together with what they do not say.
 *
 * @throws NoduleTrainError `model-unsaid` where pooling or input must be given, `model-said` where they contradict the file,
 *   `model-shape` for a network that takes or gives something else than a stack of slices and one probability,
 *   `model-not-finite` for weights that are not numbers, and what reading the file throws
 */
export function loadScanModel(model: string, device: Device, options: ModelOptions = {}): LoadedScanModel {
  const path = modelPath(model);
  const loaded = isCheckpoint(path) ? fromCheckpoint(path, options) : fromWeights(path, options);
  refuseNotFinite(path, loaded.model.net.stateDict());
  loaded.model.net.to(device).eval();
  const { flips = loaded.model.flips ?? false } = options;
  return { ...loaded, model: { ...loaded.model, flips, device } };
}

function fromCheckpoint(path: string, given: ModelOptions): LoadedScanModel {
  const { net, description } = loadModel(path);
  const { network, contextSlices, input, sizeMultiple, flips = false, trainedOn } = description;
  const { threshold, minimumVoxels, minimumScore = 0 } = description;
  const said = { pooling: network.pooling, input: input.kind };
  for (const name of ['pooling', 'input'] as const)
    if (given[name] !== undefined && given[name] !== said[name])
      throw new NoduleTrainError(
        'model-said',
        `reading the model ${path}: --${name} ${given[name]} was given, but the file says ${said[name]}; leave the option out`,
      );
  return {
    model: { net, contextSlices, input, sizeMultiple, flips, device: 'cpu' },
    point: { threshold, minimumVoxels, minimumScore },
    trainedOn: new Set(trainedOn),
  };
}

function fromWeights(path: string, { pooling, input }: ModelOptions): LoadedScanModel {
  return scope(() => {
    const { state, metadata } = readWeights(path);
    const pools = pooling ?? (['max', 'avg'] as const).find((name) => name === metadata.pooling);
    if (pools === undefined)
      throw unsaid(path, 'how its network pools', "--pooling max (pytorch-unet's) or --pooling avg (the book's)");
    if (input === undefined)
      throw unsaid(
        path,
        'what input it takes',
        '--input hu-clip (HU clipped to ±1000) or --input minmax-window (8-bit crops)',
      );
    const network = networkOf(path, state, pools);
    const { inChannels = 1, classes, depth = 1 } = network;
    if (inChannels % 2 === 0 || classes !== 1)
      throw new NoduleTrainError(
        'model-shape',
        `reading the model ${path}: its network takes ${inChannels} channels and gives ${classes}; wanted are an odd number ` +
          'of slices and one probability for the middle one',
      );
    const net = predictingNet(network, state);
    return {
      model: {
        net,
        contextSlices: (inChannels - 1) / 2,
        input: input === 'hu-clip' ? { kind: input, low: -1000, high: 1000 } : { kind: input },
        sizeMultiple: 2 ** (depth - 1),
        device: 'cpu',
      },
      point: { threshold: 0.5, minimumVoxels: 1, minimumScore: 0 },
      trainedOn: new Set<string>(),
    };
  });
}

const unsaid = (path: string, what: string, options: string) =>
  new NoduleTrainError(
    'model-unsaid',
    `reading the model ${path}: the file does not say ${what}; say it with ${options}`,
  );
