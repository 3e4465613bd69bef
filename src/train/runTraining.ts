import { createSampler, type Sampler } from '../data/sampler.js';
import { NoduleTrainError } from '../runtime/error.js';
import { CudaGraph, type Device, getNumThreads, manualSeed, nn, optim, scope, setNumThreads } from '../torch/index.js';
import { capturedSteps } from './capturedSteps.js';
import { saveCheckpoint } from './checkpoint.js';
import { chooseDevice } from './chooseDevice.js';
import type { TrainConfig } from './config.js';
import { type Criterion, criterionOf } from './criterion.js';
import { trainEpoch } from './epochLoop.js';
import type { EndEvent, TrainEvent } from './events.js';
import { learningRate } from './learningRate.js';
import { writeManifest } from './manifest.js';
import { pixelMetrics } from './metrics.js';
import { writeEpochRow } from './metricsCsv.js';
import { describeModel, samplerOptionsOf, unetOptionsOf } from './model.js';
import { initialState, type RunState } from './progressState.js';
import { openRunRecord, type RunRecord, type TrainTask } from './runRecord.js';
import { trainingStep } from './step.js';
import { StepCounts } from './stepCounts.js';
import { plainSteps, type StepRunner } from './stepRunner.js';
import { trackMetrics } from './trackMetrics.js';
import { openTrainingData, type TrainingData } from './trainingData.js';
import { type Validation, validate } from './validate.js';

export interface TrainHooks {
  emit(event: TrainEvent): void;
  /** Asked between steps and between slices. */
  stopRequested(): boolean;
}

/** Trains to the end, or until a stop is asked for, on this thread. The last event is of type `end`. */
export async function runTraining(task: TrainTask, hooks: TrainHooks): Promise<EndEvent> {
  const record = openRunRecord(task);
  try {
    const emit = (event: TrainEvent) => {
      if (event.type !== 'validation-progress') record.log(event);
      hooks.emit(event);
    };
    const state = record.checkpoint?.state ?? initialState();
    if (state.finished)
      emit({ type: 'note', text: `${record.folder.folder} is finished; there is nothing to go on with.` });
    const done = state.finished || (await trainRun({ record, state, emit, stopRequested: hooks.stopRequested }));
    const end: EndEvent = {
      type: 'end',
      status: done ? 'finished' : 'stopped',
      run: record.folder.folder,
      step: state.step,
      epoch: state.epoch,
      bestScore: state.best?.score ?? null,
      bestEpoch: state.best?.epoch ?? null,
    };
    emit(end);
    return end;
  } finally {
    record.close();
  }
}

interface Run {
  record: RunRecord;
  state: RunState;
  emit(event: TrainEvent): void;
  stopRequested(): boolean;
}

/** Everything that a run trains with. */
interface Session extends Run {
  config: TrainConfig;
  device: Device;
  data: TrainingData;
  sampler: Sampler;
  net: nn.UNet;
  adam: optim.Optimizer;
  criterion: Criterion;
  counts: StepCounts;
  save(kind: 'last' | 'best'): void;
}

/** @returns whether the run was finished, not stopped */
async function trainRun(run: Run): Promise<boolean> {
  const session = await openSession(run);
  const { config, state, sampler, counts } = session;
  const steps = stepRunnerOf(session);
  while (!state.finished) {
    const startedAt = performance.now();
    session.net.train();
    sampler.startEpoch(state.epoch, state.stepInEpoch * config.batch);
    const wholeEpoch = trainEpoch({
      state,
      counts,
      steps,
      stepsPerEpoch: sampler.stepsPerEpoch,
      batch: config.batch,
      logSteps: config.logSteps,
      checkpointSteps: config.checkpointSteps,
      lastCheckpoint: run.record.folder.last,
      saveLast: () => session.save('last'),
      emit: run.emit,
      stopRequested: run.stopRequested,
    });
    session.save('last');
    if (!wholeEpoch || !(await finishEpoch(session, (performance.now() - startedAt) / 1000))) return false;
  }
  return true;
}

function stepRunnerOf(session: Session): StepRunner {
  const { config, device, sampler, adam } = session;
  const total = config.epochs * sampler.stepsPerEpoch;
  const rate = (step: number) => learningRate(config, step, total);
  if (!config.captureSteps)
    return plainSteps(trainingStep(session), (step) => {
      adam.lr = rate(step);
    });
  const rates = Array.from({ length: total }, (_, step) => rate(step));
  return capturedSteps({ ...session, rates, graph: new CudaGraph(device as Exclude<Device, 'cpu'>) });
}

async function openSession(run: Run): Promise<Session> {
  const { config, checkpoint, folder } = run.record;
  const device = chooseDevice(config.device);
  if (config.captureSteps && device === 'cpu')
    throw new NoduleTrainError(
      'device',
      'training with `captureSteps` on the CPU: only CUDA can record steps. Leave it out, or take --device cuda.',
    );
  if (config.threads > 0) setNumThreads(config.threads);
  const data = await openTrainingData(config, folder.split, (text) => run.emit({ type: 'note', text }));
  const sampler = await createSampler(data.train(), samplerOptionsOf(config), device);
  manualSeed(config.seed);
  const net = nn.unet(unetOptionsOf(config)).to(device) as nn.UNet;
  const adam = optim.adam(net.parameters(), { lr: config.learningRate });
  const counts = new StepCounts(device, config.threshold);
  if (checkpoint) {
    scope(() => {
      net.loadStateDict(checkpoint.model);
      adam.loadStateDict(checkpoint.optimizer);
      if (checkpoint.counts) counts.tensor.copy_(checkpoint.counts);
    });
    for (const tensor of [...checkpoint.model.values(), ...checkpoint.optimizer.values()]) tensor.dispose();
  }
  const description = describeModel(config, data.trainedOn);
  writeManifest(folder.manifest, config, device, data);
  run.emit({
    type: 'start',
    run: folder.folder,
    device,
    threads: getNumThreads(),
    parameters: net.parameters().reduce((sum, { numel }) => sum + numel, 0),
    epochs: config.epochs,
    stepsPerEpoch: sampler.stepsPerEpoch,
    trainScans: data.split.train.length,
    validationScans: data.validationScans,
    step: run.state.step,
  });
  return {
    ...run,
    config,
    device,
    data,
    sampler,
    net,
    adam,
    counts,
    criterion: criterionOf(config),
    save: (kind) => {
      const path = folder[kind];
      scope(() =>
        saveCheckpoint(
          path,
          { net, description },
          { config, state: run.state },
          kind === 'last' ? { optimizer: adam, counts: counts.tensor } : undefined,
        ),
      );
      run.emit({ type: 'checkpoint', kind, path, step: run.state.step, epoch: run.state.epoch });
    },
  };
}

/** Metrics, validation, best model; then the next epoch is at hand. Gives false where a stop was asked for in between. */
async function finishEpoch(session: Session, seconds: number): Promise<boolean> {
  const { config, state, counts, record, emit } = session;
  const { step, epoch } = state;
  const train = pixelMetrics(counts.read());
  let validation: Awaited<ReturnType<typeof validateNow>> = null;
  let score: number | null = null;
  const due = epoch === 1 || epoch % config.validateEvery === 0 || epoch === config.epochs;
  if (due) {
    validation = await validateNow(session);
    if (validation === null) return false;
    score = scoreOf(config, validation);
  }
  emit({ type: 'epoch', epoch, step, seconds, metrics: train });
  trackMetrics(record.tensorboard, { step, train, validation, score, learningRate: session.adam.lr });
  if (validation !== null && score !== null) keepBest(session, validation, score);
  writeEpochRow(record.folder.metrics, {
    epoch,
    step,
    train,
    validation: validation?.metrics ?? null,
    nodules: validation?.nodules ?? null,
    score,
  });
  counts.reset();
  state.finished = epoch === config.epochs;
  if (!state.finished) {
    state.epoch++;
    state.stepInEpoch = 0;
  }
  session.save('last');
  return true;
}

async function validateNow({ config, data, net, criterion, device, state, emit, stopRequested }: Session) {
  const startedAt = performance.now();
  const counts = new StepCounts(device, config.threshold);
  net.eval();
  const found = await validate({
    scans: data.validation,
    net,
    criterion,
    counts,
    device,
    contextSlices: config.contextSlices,
    sizeMultiple: 2 ** (config.network.depth - 1),
    clip: { low: config.huLow, high: config.huHigh },
    threshold: config.threshold,
    minimumVoxels: config.minimumVoxels,
    positiveSlicesOnly: config.compat.positiveSlicesOnly,
    pictured: config.images,
    onSlices: (scan, slices, of) =>
      emit({ type: 'validation-progress', epoch: state.epoch, scan, scans: data.validationScans, slices, of }),
    stopRequested,
  });
  counts.tensor.dispose();
  return found === null ? null : { ...found, seconds: (performance.now() - startedAt) / 1000 };
}

function keepBest(
  session: Session,
  { metrics, nodules, seconds }: Validation & { seconds: number },
  score: number,
): void {
  const { state, config, emit } = session;
  const { step, epoch } = state;
  // A score of 0 is no success to keep.
  const best = score > (state.best?.score ?? (config.compat.zeroIsBest ? -1 : 0));
  if (best) {
    state.best = { score, epoch };
    session.save('best');
  }
  emit({ type: 'validation', epoch, step, seconds, metrics, nodules, score, best });
}

/** The score that chooses the best model. */
const scoreOf = ({ compat }: TrainConfig, { metrics, nodules }: Validation): number =>
  (compat.selectByRecall ? metrics.recall : nodules.quality) ?? 0;
