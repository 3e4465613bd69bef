import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CropSource } from '../../data/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { keep, noGrad, op, saveTensorsSync, scope, type Tensor } from '../../torch/index.js';
import { newestCheckpoint } from '../run/keptCheckpoints.js';
import { recordedConfig } from '../run/runConfig.js';
import { runFolder } from '../run/runFolder.js';
import { openTraining, type Training } from '../session/session.js';
import { accumulatedStep } from '../steps/accumulatedStep.js';
import { createStepParts, createStepRunner } from '../steps/createStepRunner.js';

/** Smallest and largest finite value, and how many values are not finite. */
export interface ValueRange {
  low: number | null;
  high: number | null;
  notFinite: number;
}

/** Report of a training step up to its gradients, without the change of weights. */
export interface Replay {
  step: number;
  epoch: number;
  /** Step of the checkpoint that the replay started from; 0: the start of the run. */
  from: number;
  learningRate: number;
  /** Crops of the step; `loss` is null if it is not finite. */
  crops: (CropSource & { loss: number | null; nodulePixels: number })[];
  image: ValueRange;
  probability: ValueRange;
  loss: ValueRange;
  /** Over all parameters, with the names of those that have a value that is not finite. */
  gradient: ValueRange & { names: string[] };
  weight: ValueRange & { names: string[] };
  /**
   * Path of a safetensors file with `image`, `mask`, `probability`, `loss`, and `weight.NAME` and `gradient.NAME` of
   * each parameter.
   */
  file: string;
}

export interface ReplayHooks {
  note(text: string): void;
  /** Is called with the steps done and all steps up to the requested one. */
  progress(done: number, of: number): void;
}

/**
 * Replays a run from its last checkpoint before step `step` (from 1), and inspects that step instead of applying it.
 * Saves its inputs and outputs in the run's folder and changes nothing else there. A run with captured steps is
 * replayed eagerly.
 * @throws NoduleTrainError `bad-use` if the run has no such step, and what resuming throws
 */
export async function replayStep(run: string, step: number, hooks: ReplayHooks): Promise<Replay> {
  const folder = runFolder(run);
  const config = { ...recordedConfig(folder, 'replaying'), captureSteps: false };
  const { checkpoint, notes } = newestCheckpoint(folder, recordedConfig(folder, 'replaying'), step);
  for (const text of notes) hooks.note(text);
  const training = await openTraining(config, checkpoint, folder, hooks.note);
  const { stepsPerEpoch, sampler } = training;
  if (step > config.epochs * stepsPerEpoch)
    throw new NoduleTrainError(
      'bad-use',
      `replaying step ${step} of ${run}: the run has ${config.epochs * stepsPerEpoch} steps, expected one of them.`,
    );
  const from = checkpoint?.state.step ?? 0;
  const crops = config.batch * config.accumulate;
  const steps = createStepRunner(training);
  training.net.train();
  for (let done = from; done < step; done++) {
    const inEpoch = done % stepsPerEpoch;
    if (done === from || inEpoch === 0) sampler.startEpoch(Math.floor(done / stepsPerEpoch) + 1, inEpoch * crops);
    hooks.progress(done - from, step - from);
    if (done < step - 1) steps.run(done, 1);
  }
  return inspectStep(training, step, from, folder.replay(step));
}

function inspectStep(training: Training, step: number, from: number, file: string): Replay {
  const { net, sampler, stepsPerEpoch } = training;
  const { image, mask, probability, loss } = observedStep(training);
  const named = [...net.namedParameters()];
  const gradients = named.flatMap(([name, { grad }]) => (grad === null ? [] : [[name, grad] as const]));
  const tensors = new Map<string, Tensor>(Object.entries({ image, mask, probability, loss }));
  for (const [name, tensor] of named) tensors.set(`weight.${name}`, tensor);
  for (const [name, tensor] of gradients) tensors.set(`gradient.${name}`, tensor);
  mkdirSync(dirname(file), { recursive: true });
  saveTensorsSync(file, tensors, { format: 'nodule-train-replay-1', step: String(step) });
  const losses = loss.toArray() as number[];
  const nodulePixels = scope(() => mask.flatten(1).sum(1).toArray() as number[]);
  const of = (list: readonly (readonly [string, Tensor])[]) => {
    const ranges = list.map(([name, tensor]) => ({ name, ...rangeOf([tensor]) }));
    return {
      ...rangeOf(list.map(([, tensor]) => tensor)),
      names: ranges.filter(({ notFinite }) => notFinite > 0).map(({ name }) => name),
    };
  };
  return {
    step,
    epoch: Math.ceil(step / stepsPerEpoch),
    from,
    learningRate: training.learningRateAt(step - 1),
    crops: sampler.sources(((step - 1) % stepsPerEpoch) * losses.length, losses.length).map((source, at) => ({
      ...source,
      loss: Number.isFinite(losses[at]) ? losses[at]! : null,
      nodulePixels: nodulePixels[at]!,
    })),
    image: rangeOf([image]),
    probability: rangeOf([probability]),
    loss: rangeOf([loss]),
    gradient: of(gradients),
    weight: of(named),
    file,
  };
}

/**
 * Runs a step without its optimizer, so that the gradients stay as before clipping, and returns copies of the tensors
 * in it.
 */
function observedStep(training: Training) {
  const parts = createStepParts(training);
  const seen = { image: [] as Tensor[], mask: [] as Tensor[], probability: [] as Tensor[], loss: [] as Tensor[] };
  const see = (name: keyof typeof seen, tensor: Tensor) => {
    seen[name].push(keep(noGrad(() => tensor.detach().clone())));
    return tensor;
  };
  const step = accumulatedStep(
    {
      ...parts,
      sampler: {
        next: () => {
          const batch = parts.sampler.next();
          see('image', batch.image);
          see('mask', batch.mask);
          return batch;
        },
      },
      net: { forward: (image) => see('probability', parts.net.forward(image)) },
      criterion: (probability, mask) => see('loss', parts.criterion(probability, mask)),
      optimizer: { zeroGrad: () => parts.optimizer.zeroGrad(), step: () => {} },
    },
    training.net.parameters(),
    training.config.accumulate,
  );
  step();
  const join = op('aten::cat');
  return Object.fromEntries(
    Object.entries(seen).map(([name, list]) => [name, (join(list, 0) as Tensor).to('cpu')]),
  ) as Record<keyof typeof seen, Tensor>;
}

function rangeOf(tensors: readonly Tensor[]): ValueRange {
  const range: ValueRange = { low: null, high: null, notFinite: 0 };
  for (const tensor of tensors)
    scope(() => {
      for (const value of noGrad(() => tensor.detach().to('float64').to('cpu').contiguous()).data() as Float64Array) {
        if (!Number.isFinite(value)) {
          range.notFinite++;
          continue;
        }
        if (range.low === null || value < range.low) range.low = value;
        if (range.high === null || value > range.high) range.high = value;
      }
    });
  return range;
}
