import { readHardPoints } from '../../data/index.js';
import { impossibleLoss, refuseImpossibleLoss, saveLostLabels } from '../../labels/index.js';
import type { ModelDescription } from '../../model/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import {
  chooseDevice,
  type Device,
  getNumThreads,
  manualSeed,
  nn,
  type optim,
  scope,
  setDeterministic,
  setNumThreads,
} from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import type { TrainEvent } from '../events.js';
import { type AveragedWeights, averagedWeights } from '../parts/averagedWeights.js';
import type { LossFunction } from '../parts/createLoss.js';
import { createOptimizer } from '../parts/createOptimizer.js';
import { createStepCounts } from '../parts/createStepCounts.js';
import { describeModel } from '../parts/describeModel.js';
import { learningRate } from '../parts/learningRate.js';
import { networkOptions } from '../parts/networkOptions.js';
import type { StepCounts } from '../parts/stepCounts.js';
import { type LoadedCheckpoint, saveCheckpoint } from '../run/checkpoint.js';
import { inputFiles } from '../run/inputFiles.js';
import { dropEarlier, keepLast } from '../run/keptCheckpoints.js';
import { labelRecorder } from '../run/labelRecorder.js';
import { writeManifest } from '../run/manifest.js';
import type { RunFolder } from '../run/runFolder.js';
import type { RunRecord } from '../run/runRecord.js';
import type { RunState } from '../run/runState.js';
import type { StepParts } from '../step.js';
import { type TimedSampler, timedSampler } from '../steps/timedSampler.js';
import { loadBatches } from '../userModules/userBatches.js';
import { loadLoss } from '../userModules/userLoss.js';
import { loadSampler } from '../userModules/userSampler.js';
import { applyInitialWeights } from './applyInitialWeights.js';
import { openTrainingData, type TrainingData } from './trainingData.js';

/** A run in progress. */
export interface Run {
  record: RunRecord;
  state: RunState;
  emit(event: TrainEvent): void;
  stopRequested(): boolean;
}

/** Everything that training steps need. */
export interface Training {
  config: TrainConfig;
  device: Device;
  data: TrainingData;
  sampler: TimedSampler;
  /** Batches of the sampler, passed through the user's augmentation if there is one. */
  batches: StepParts['sampler'];
  /** Steps per epoch, of `accumulate` batches each. */
  stepsPerEpoch: number;
  net: nn.UNet;
  optimizer: optim.Optimizer;
  average: AveragedWeights | null;
  criterion: LossFunction;
  counts: StepCounts;
  /** Description of the trained model, for its files. */
  description: ModelDescription;
  /** Returns the learning rate of a step, counted from 0 over the whole run. */
  learningRateAt(step: number): number;
}

/** Everything that a run needs. */
export interface Session extends Run, Training {
  save(kind: 'last' | 'best'): void;
  /**
   * Records what became of the labels, if more scans have been read since the last time.
   * @throws NoduleTrainError `labels-lost` if too many are lost
   */
  checkLabels(): Promise<void>;
}

/**
 * Opens data and sampler, creates network and optimizer, and restores them from the checkpoint. Without a checkpoint,
 * the weights are random, or those of `init`. Writes nothing but the split of a new run, and the list of lost labels if
 * there are too many; not even these if `folder` is null.
 * @throws NoduleTrainError `device`, and what opening the data, the sampler and the user's modules throws
 */
export async function openTraining(
  config: TrainConfig,
  checkpoint: LoadedCheckpoint | null,
  folder: RunFolder | null,
  note: (text: string) => void,
): Promise<Training> {
  const device = chooseDevice(config.device);
  if (config.captureSteps && device === 'cpu')
    throw new NoduleTrainError(
      'device',
      'training with `captureSteps` on the CPU: only CUDA can capture steps. Omit it, or use --device cuda.',
    );
  if (config.threads > 0) setNumThreads(config.threads);
  if (config.deterministic) setDeterministic(true);
  const data = await openTrainingData(config, folder?.split ?? null, note);
  // A prepared store knows its losses at once; a folder, when its training scans are read.
  await refuseLostLabels(data, config, folder);
  const hardPoints = config.hardPoints === undefined ? undefined : await readHardPoints(config.hardPoints);
  // Also if the sampler fails, because lost labels may be why it found no nodule.
  const loaded = await loadSampler(config, data.train(), device, hardPoints).finally(() =>
    refuseLostLabels(data, config, folder),
  );
  const sampler = timedSampler(loaded);
  manualSeed(config.seed);
  const net = nn.unet(networkOptions(config));
  let description = describeModel(config, data.trainedOn, sampler.intensity);
  if (checkpoint !== null) {
    // By now, only the checkpoint knows what `init` was trained on.
    const trainedOn = [...new Set([...description.trainedOn, ...checkpoint.description.trainedOn])];
    description = { ...description, trainedOn };
  } else if (config.init !== undefined)
    description = applyInitialWeights(config, net, description, data.validatedOn, note);
  net.to(device);
  const optimizer = createOptimizer(net.parameters(), config);
  const average =
    config.ema > 0 ? averagedWeights(net, nn.unet(networkOptions(config)).to(device) as nn.UNet, config.ema) : null;
  const counts = createStepCounts(config, device, 'training');
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
    config,
    device,
    data,
    sampler,
    stepsPerEpoch,
    net,
    optimizer,
    average,
    counts,
    description,
    batches: await loadBatches(sampler, config),
    criterion: await loadLoss(config),
    learningRateAt: (step) => learningRate(config, step, config.epochs * stepsPerEpoch),
  };
}

/**
 * Refuses data of which too many labels are lost, after listing them in the run's folder; of data that are not
 * prepared, only the scans read so far are counted.
 * @throws NoduleTrainError `labels-lost`
 */
async function refuseLostLabels(data: TrainingData, config: TrainConfig, folder: RunFolder | null): Promise<void> {
  if (config.allowLostLabels) return;
  // Once the training scans are read they are judged alone, because the others may be read hours later.
  for (const account of [data.labels('train'), data.labels('all')]) {
    if (impossibleLoss(account) === null) continue;
    const list = folder === null ? null : await saveLostLabels(folder.folder, account);
    refuseImpossibleLoss(`training on ${config.data}`, account, list);
  }
}

/** Opens everything that a run needs, writes the manifest and emits the event `start`. */
export async function openSession(run: Run): Promise<Session> {
  const { config, checkpoint, folder } = run.record;
  const files = inputFiles(config, folder, checkpoint !== null);
  const training = await openTraining(config, checkpoint, folder, (text) => run.emit({ type: 'note', text }));
  const { device, data, stepsPerEpoch, net, optimizer, average, counts, description } = training;
  let savedStep = checkpoint?.state.step ?? 0;
  writeManifest(folder.manifest, config, device, data, files);
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
  const recordLabels = labelRecorder(folder, data, run.emit);
  await recordLabels();
  return {
    ...run,
    ...training,
    async checkLabels() {
      await recordLabels();
      await refuseLostLabels(data, config, folder);
    },
    save: (kind) => {
      const path = folder[kind];
      run.record.syncLog();
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
