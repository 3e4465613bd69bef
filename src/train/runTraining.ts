import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { NoduleTrainError, shellWord } from '../runtime/index.js';
import type { TrainConfig } from './config/schema.js';
import { trainEpoch } from './epochLoop.js';
import type { EndEvent, TrainEvent } from './events.js';
import { createStepCounts } from './parts/createStepCounts.js';
import { pixelMetrics } from './parts/metrics.js';
import { writeEpochRow } from './run/metricsCsv.js';
import type { RunFolder } from './run/runFolder.js';
import { openRunRecord, type TrainTask } from './run/runRecord.js';
import { initialState } from './run/runState.js';
import { openSession, type Run, type Session } from './session/session.js';
import { createStepRunner } from './steps/createStepRunner.js';
import { watchBadSteps } from './steps/watchBadSteps.js';
import { trackEnd, trackMetrics, trackTensors } from './trackMetrics.js';
import { trackStart } from './trackStart.js';
import { starvationWarning, validationWarnings } from './validation/runWarnings.js';
import { saveOperatingPoint } from './validation/saveOperatingPoint.js';
import { predictionParts, type Validation, validate } from './validation/validate.js';

export interface TrainHooks {
  emit(event: TrainEvent): void;
  /** Is called between steps and between slices. */
  stopRequested(): boolean;
}

/**
 * Trains on this thread, to the end or until a stop is requested.
 * @returns the last event
 * @throws NoduleTrainError `disk-full`, naming the last checkpoint, and what opening, training and saving throw
 */
export async function runTraining(task: TrainTask, hooks: TrainHooks): Promise<EndEvent> {
  const record = openRunRecord(task);
  try {
    const emit = (event: TrainEvent) => {
      if (event.type !== 'validation-progress') record.log(event);
      hooks.emit(event);
    };
    for (const text of record.notes) emit({ type: 'note', text });
    const state = { ...initialState(), ...record.checkpoint?.state };
    if (state.finished)
      emit({ type: 'note', text: `${record.folder.folder} is finished; there is nothing left to train.` });
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
  } catch (error) {
    throw withLastCheckpoint(error, record.folder);
  } finally {
    record.close();
  }
}

/** Adds the last checkpoint to the error of a full disk, since only the steps after it are lost. */
function withLastCheckpoint(error: unknown, { folder, last }: RunFolder): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'disk-full' && code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new NoduleTrainError(
    'disk-full',
    `training in ${folder}: the disk is full (${message.split(';')[0]}). ` +
      `${existsSync(last) ? `The last good checkpoint is ${last}` : 'There is no checkpoint yet'}. ` +
      `Free some space, then: npx nodule-train train --resume ${shellWord(folder)}`,
    { cause: error },
  );
}

/**
 * Trains all remaining epochs.
 * @returns false if a stop was requested
 */
async function trainRun(run: Run): Promise<boolean> {
  const session = await openSession(run);
  const { config, state, sampler, stepsPerEpoch, counts } = session;
  const steps = createStepRunner(session);
  let starved: string | null = null;
  const { tensorboard, folder } = run.record;
  if (state.tensorboard === null) trackStart(tensorboard, config, basename(resolve(folder.folder)));
  while (!state.finished) {
    if (state.pointDue) {
      if (!(await saveOperatingPoint(session))) return false;
      state.pointDue = false;
      state.finished = true;
      session.save('last');
      break;
    }
    const startedAt = performance.now();
    const [secondsBefore, stepsBefore] = [state.secondsInEpoch, state.stepInEpoch];
    const save = () => {
      state.secondsInEpoch = secondsBefore + (performance.now() - startedAt) / 1000;
      session.save('last');
    };
    session.net.train();
    sampler.waited();
    sampler.startEpoch(state.epoch, state.stepInEpoch * config.batch * config.accumulate);
    const wholeEpoch = trainEpoch({
      state,
      counts,
      steps,
      stepsPerEpoch,
      logSteps: config.logSteps,
      checkpointSteps: config.checkpointSteps,
      checkpointMinutes: config.checkpointMinutes,
      onCounts: watchBadSteps(session),
      saveLast: save,
      emit: run.emit,
      stopRequested: run.stopRequested,
    });
    // On CUDA, calls of the sampler return before the crops are cut.
    if (session.device === 'cpu' && starved === null) {
      starved = starvationWarning(sampler.waited(), performance.now() - startedAt);
      if (starved !== null) run.emit({ type: 'note', text: starved });
    }
    const histogramsDue = config.histograms > 0 && (state.epoch % config.histograms === 0 || state.epoch === 1);
    // Before the checkpoint, which does not save gradients: a run resumed from it could not write these.
    if (wholeEpoch && histogramsDue && state.stepInEpoch > stepsBefore)
      trackTensors(tensorboard, session.net.namedParameters(), state.step);
    save();
    if (!wholeEpoch || !(await finishEpoch(session))) return false;
  }
  return true;
}

/**
 * Validates, saves the best model, writes the metrics and advances to the next epoch.
 * @returns false if a stop was requested
 */
async function finishEpoch(session: Session): Promise<boolean> {
  const { config, state, counts, record, emit } = session;
  const { step, epoch, secondsInEpoch: seconds } = state;
  const counted = counts.read();
  const train = pixelMetrics(counted);
  let validation: Awaited<ReturnType<typeof validateNow>> = null;
  let score: number | null = null;
  const due = epoch === 1 || epoch % config.validateEvery === 0 || epoch === config.epochs;
  if (due) {
    validation = await validateNow(session);
    if (validation === null) return false;
    await session.checkLabels();
    score = validationScore(config, validation);
  }
  emit({
    type: 'epoch',
    epoch,
    step,
    seconds,
    peakRssBytes: peakRssBytes(),
    skipped: counted.badSteps,
    metrics: train,
  });
  if (validation !== null && score !== null) keepBest(session, validation, score);
  trackMetrics(record.tensorboard, {
    step,
    train,
    speed: { crops: counted.samples / seconds, seconds },
    validation,
    score,
    best: state.best?.score ?? 0,
    learningRate: session.optimizer.lr,
    first: epoch === 1,
  });
  writeEpochRow(record.folder.metrics, {
    epoch,
    step,
    train,
    validation: validation?.metrics ?? null,
    nodules: validation?.nodules ?? null,
    score,
    skipped: counted.badSteps,
  });
  counts.reset();
  state.skipped += counted.badSteps;
  const stalled = config.patience > 0 && state.stale >= config.patience;
  if (stalled)
    emit({ type: 'note', text: `No better score in ${state.stale} validations: training stops after epoch ${epoch}.` });
  const trained = stalled || epoch === config.epochs;
  state.pointDue = trained && config.choosePoint && state.best !== null;
  state.finished = trained && !state.pointDue;
  if (!trained) {
    state.epoch++;
    state.stepInEpoch = 0;
    state.secondsInEpoch = 0;
  } else trackEnd(record.tensorboard, true);
  session.save('last');
  return true;
}

/** Returns the peak memory of the process; `maxRSS` is in KiB on all platforms of Node. */
const peakRssBytes = (): number | null => 1024 * process.resourceUsage().maxRSS || null;

/** Validates the current weights, or their moving average. Returns null if a stop was requested. */
async function validateNow(session: Session) {
  const { config, data, criterion, device, emit, state } = session;
  const net = session.average?.net ?? session.net;
  net.eval();
  const startedAt = performance.now();
  const counts = createStepCounts(config, device, 'validation');
  const found = await validate({
    ...predictionParts(session, net, (scan, slices, of) =>
      emit({ type: 'validation-progress', epoch: state.epoch, scan, scans: data.validationScans, slices, of }),
    ),
    scans: data.validation,
    criterion,
    counts,
    threshold: config.threshold,
    minimumVoxels: config.minimumVoxels,
    pictured: config.images,
  });
  counts.tensor.dispose();
  return found === null ? null : { ...found, seconds: (performance.now() - startedAt) / 1000 };
}

/** Saves the model if it is the best so far, and reports the validation. */
function keepBest(
  session: Session,
  { metrics, nodules, seconds }: Validation & { seconds: number },
  score: number,
): void {
  const { state, config, emit } = session;
  const { step, epoch } = state;
  // A model with score 0 is not worth keeping.
  const best = score > (state.best?.score ?? (config.compat.zeroIsBest ? -1 : 0));
  state.stale = best ? 0 : state.stale + 1;
  if (best) {
    state.best = { score, epoch };
    session.save('best');
  }
  emit({ type: 'validation', epoch, step, seconds, metrics, nodules, score, best });
  for (const text of validationWarnings(state, score, metrics)) emit({ type: 'note', text });
}

/** Returns the score that chooses the best model. */
const validationScore = ({ compat }: TrainConfig, { metrics, nodules }: Validation): number =>
  (compat.selectByRecall ? metrics.recall : nodules.quality) ?? 0;
