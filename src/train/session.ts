import { readHardPoints } from '../data/hardPoints.js';
import { createSampler, type Sampler } from '../data/sampler.js';
import { NoduleTrainError } from '../runtime/error.js';
import {
  type Device,
  getNumThreads,
  manualSeed,
  nn,
  type optim,
  scope,
  setDeterministic,
  setNumThreads,
} from '../torch/index.js';
import { type AveragedWeights, averagedWeights } from './averagedWeights.js';
import { type LoadedCheckpoint, saveCheckpoint } from './checkpoint.js';
import { chooseDevice } from './chooseDevice.js';
import type { TrainConfig } from './config.js';
import { countsOf } from './countsOf.js';
import { type Criterion, criterionOf } from './criterion.js';
import type { TrainEvent } from './events.js';
import { dropEarlier, keepLast } from './keptCheckpoints.js';
import { learningRate } from './learningRate.js';
import { writeManifest } from './manifest.js';
import { describeModel, samplerOptionsOf, unetOptionsOf } from './model.js';
import { optimizerOf } from './optimizerOf.js';
import type { RunState } from './progressState.js';
import type { RunRecord } from './runRecord.js';
import type { StepCounts } from './stepCounts.js';
import { openTrainingData, type TrainingData } from './trainingData.js';

/** A run under way. */
export interface Run {
  record: RunRecord;
  state: RunState;
  emit(event: TrainEvent): void;
  stopRequested(): boolean;
}

/** What steps are made of. */
export interface Training {
  config: TrainConfig;
  device: Device;
  data: TrainingData;
  sampler: Sampler;
  /** Steps of an epoch; each takes `accumulate` batches. */
  stepsPerEpoch: number;
  net: nn.UNet;
  optimizer: optim.Optimizer;
  average: AveragedWeights | null;
  criterion: Criterion;
  counts: StepCounts;
  /** Learning rate of a step, counted from 0 over the whole run. */
  rateOf(step: number): number;
}

/** Everything that a run trains with. */
export interface Session extends Run, Training {
  save(kind: 'last' | 'best'): void;
}

/** Opens data and sampler, makes network and optimizer, and puts them where the checkpoint is. Writes nothing but the split of a new run. */
export async function openTraining(
  config: TrainConfig,
  checkpoint: LoadedCheckpoint | null,
  split: string,
  note: (text: string) => void,
): Promise<Training> {
  const device = chooseDevice(config.device);
  if (config.captureSteps && device === 'cpu')
    throw new NoduleTrainError(
      'device',
      'training with `captureSteps` on the CPU: only CUDA can record steps. Leave it out, or take --device cuda.',
    );
  if (config.captureSteps && (config.accumulate > 1 || config.ema > 0))
    throw new NoduleTrainError(
      'config',
      'configuring training: `captureSteps` records single steps and cannot be had with `accumulate` or `ema`; leave one of them out',
    );
  if (config.threads > 0) setNumThreads(config.threads);
  if (config.deterministic) setDeterministic(true);
  const data = await openTrainingData(config, split, note);
  const sampler = await createSampler(
    data.train(),
    samplerOptionsOf(config),
    device,
    config.hardPoints === undefined ? undefined : await readHardPoints(config.hardPoints),
  );
  manualSeed(config.seed);
  const net = nn.unet(unetOptionsOf(config)).to(device) as nn.UNet;
  const optimizer = optimizerOf(net.parameters(), config);
  const average =
    config.ema > 0 ? averagedWeights(net, nn.unet(unetOptionsOf(config)).to(device) as nn.UNet, config.ema) : null;
  const counts = countsOf(config, device, 'training');
  const stepsPerEpoch = Math.ceil(sampler.batchesPerEpoch / config.accumulate);
  if (checkpoint) {
    scope(() => {
      net.loadStateDict(checkpoint.model);
      optimizer.loadStateDict(checkpoint.optimizer);
      average?.net.loadStateDict(checkpoint.average);
      if (checkpoint.counts && checkpoint.state.stepInEpoch > 0) counts.restore(checkpoint.counts);
    });
    for (const part of [checkpoint.model, checkpoint.optimizer, checkpoint.average])
      for (const tensor of part.values()) tensor.dispose();
  }
  return {
    ...{ config, device, data, sampler, stepsPerEpoch, net, optimizer, average, counts },
    criterion: criterionOf(config),
    rateOf: (step) => learningRate(config, step, config.epochs * stepsPerEpoch),
  };
}

/** Opens what a run trains with, and says what it is in the manifest and the event `start`. */
export async function openSession(run: Run): Promise<Session> {
  const { config, checkpoint, folder } = run.record;
  const training = await openTraining(config, checkpoint, folder.split, (text) => run.emit({ type: 'note', text }));
  const { device, data, sampler, stepsPerEpoch, net, optimizer, average, counts } = training;
  let savedStep = checkpoint?.state.step ?? 0;
  const description = describeModel(config, data.trainedOn, sampler.intensity);
  writeManifest(folder.manifest, config, device, data);
  run.emit({
    type: 'start',
    run: folder.folder,
    device,
    threads: getNumThreads(),
    parameters: net.parameters().reduce((sum, { numel }) => sum + numel, 0),
    epochs: config.epochs,
    stepsPerEpoch,
    validateEvery: config.validateEvery,
    trainScans: data.split.train.length,
    validationScans: data.validationScans,
    step: run.state.step,
  });
  return {
    ...run,
    ...training,
    save: (kind) => {
      const path = folder[kind];
      if (kind === 'last') run.state.tensorboard = run.record.tensorboard.position();
      if (kind === 'last' && config.keepCheckpoints > 1 && savedStep !== run.state.step) keepLast(folder, savedStep);
      scope(() =>
        saveCheckpoint(
          path,
          { net: kind === 'best' && average !== null ? average.net : net, description },
          { config, state: run.state },
          kind === 'last' ? { optimizer, counts: counts.tensor, average: average?.net } : undefined,
        ),
      );
      if (kind === 'last') {
        savedStep = run.state.step;
        dropEarlier(folder, config.keepCheckpoints - 1);
      }
      run.emit({ type: 'checkpoint', kind, path, step: run.state.step, epoch: run.state.epoch });
    },
  };
}
