import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Dataset, readSplit } from '../../data/index.js';
import { openModel } from '../../model/index.js';
import { checkOutputFile, NoduleTrainError, replaceFile } from '../../runtime/index.js';
import type { OperatingPoint } from '../../score/index.js';
import { chooseDevice, type Device } from '../../torch/index.js';
import { openRunDataset, type RunFolder, recordedConfig, runFolder, type TrainConfig } from '../../train/index.js';
import type { Figures } from '../figures.js';
import { findBestEpoch } from './curves.js';
import { reportPage } from './reportPage.js';
import { type RunHistory, readRunHistory } from './runHistory.js';
import { scoreValidation, type ValidationScores } from './scoreValidation.js';

export interface ReportOptions extends Partial<OperatingPoint> {
  /** Folder of the run's data; default as in its configuration. */
  data?: string;
  /** Maximum number of validation scans to score; 0 (default): all. */
  scans?: number;
  /** Number of best and of worst nodules to show; default 6. */
  pictures?: number;
  /** `auto`, `cpu`, `cuda` or `cuda:N`; default `auto`. */
  device?: string;
  onProgress?: (progress: { label: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}

export interface Report {
  /** Path of the page. */
  path: string;
  bytes: number;
  /** Why the parts that need scans are missing, as on the page; null if they are not. */
  missing: string | null;
  /** The reason for `missing` in detail; may contain folder names, so it is not shown on the page. */
  reason: string | null;
  scores: ValidationScores | null;
}

/**
 * Writes `report.html` into the folder of a run: what the run recorded, and the scores of its best model on the
 * validation scans. If the data of the configuration cannot be opened, the page says so instead of the scores; data
 * given as `data` must be there.
 *
 * @throws NoduleTrainError `run-missing`, `run-config`, `run-events`, `run-file`, and what reading the model and `data`
 *   throws
 */
export async function writeReport(folder: string, options: ReportOptions = {}): Promise<Report> {
  const run = runFolder(folder);
  const path = join(folder, 'report.html');
  const config = recordedConfig(run, 'reporting on');
  checkOutputFile('reporting on a run', 'the report', path);
  const history = await readRunHistory(run.events);
  const { reason, ...scored } = await scoreRun(run, config, options);
  const page = reportPage({
    name: basename(resolve(folder)),
    config,
    manifest: readRunJson(run.manifest),
    history,
    model: scored.scores === null ? '' : describeModel(run, history),
    heldOut: readHeldOutFigures(folder),
    ...scored,
  });
  await replaceFile(path, page);
  return { path, bytes: Buffer.byteLength(page), ...scored, reason: reason ?? scored.missing };
}

/** Chooses the model to score: the best one, or the last one if all validations scored 0. */
function findModel({ best, last }: RunFolder): string | null {
  return [best, last].find((path) => existsSync(path)) ?? null;
}

function describeModel(run: RunFolder, { epochs }: RunHistory): string {
  if (findModel(run) !== run.best)
    return 'No validation scored above 0, so there is no best model: the figures are those of the last model.';
  const best = findBestEpoch(epochs);
  return `The figures are those of the best model${best === null ? '' : ` (epoch ${best.epoch})`}.`;
}

async function scoreRun(
  run: RunFolder,
  config: TrainConfig,
  options: ReportOptions,
): Promise<{ scores: ValidationScores | null; missing: string | null; reason?: string }> {
  const path = findModel(run);
  if (path === null) return { scores: null, missing: 'the run has not saved a model yet.' };
  if (!existsSync(run.split))
    return { scores: null, missing: 'the run has no split.json, so its validation scans are unknown.' };
  const { validation } = await readSplit(run.split);
  const uids = options.scans ? validation.slice(0, options.scans) : validation;
  const opened = await openValidationData(config, uids, options.data);
  if (opened.dataset === null) return { scores: null, missing: opened.missing, reason: opened.reason };
  const device = chooseDevice(options.device ?? 'auto') as Device;
  const { model, point } = openModel(path, device);
  const scores = await scoreValidation({
    dataset: opened.dataset,
    uids,
    model,
    point: {
      threshold: options.threshold ?? point.threshold,
      minimumVoxels: options.minimumVoxels ?? point.minimumVoxels,
      minimumScore: options.minimumScore ?? point.minimumScore,
    },
    pictures: options.pictures ?? 6,
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.({ label: 'scoring for the report', done, total }),
  });
  return { scores, missing: null };
}

type Opened = { dataset: Dataset } | { dataset: null; missing: string; reason: string };

/** Opens the data of a run, and checks that they have its validation series. Only data given as `dir` must be there. */
async function openValidationData(config: TrainConfig, uids: readonly string[], dir?: string): Promise<Opened> {
  try {
    const dataset = await openRunDataset(config, dir ?? config.data);
    const known = new Set(dataset.scans.map(({ uid }) => uid));
    const lost = uids.filter((uid) => !known.has(uid));
    if (lost.length > 0)
      throw new NoduleTrainError(
        'report-data',
        `scoring the validation part of a run on ${dataset.dir}: ` +
          `${lost.length} of its ${uids.length} series are missing, the first is ${lost[0]}. ` +
          'Give the data of the run with --data.',
      );
    return { dataset };
  } catch (error) {
    if (dir !== undefined || !(error instanceof NoduleTrainError)) throw error;
    const missing =
      `the validation scans of the run could not be opened (${error.code}). ` +
      'To add this part: nodule-train report RUN --data DIR.';
    // The message names the folder, and a folder may be named after a patient: it is for the terminal only.
    return { dataset: null, missing, reason: error.message };
  }
}

/** Reads a JSON file of the run's folder; null if it does not exist. */
function readRunJson(path: string): Record<string, unknown> | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new NoduleTrainError(
      'run-file',
      `reporting on a run: ${path} is not JSON (${(cause as Error).message}). Restore or remove it.`,
      { cause },
    );
  }
}

/** Reads the figures that `evaluate` or a demo wrote into the run's folder; null if there are none. */
function readHeldOutFigures(folder: string): Figures | null {
  const path = join(folder, 'score.json');
  const found = readRunJson(path) as Partial<Figures> | null;
  if (found === null) return null;
  const expected = ['scans', 'patients', 'nodules', 'found', 'missed', 'falsePerScan', 'dice3d', 'intervals'] as const;
  const lost = expected.find((name) => found[name] === undefined);
  if (lost === undefined) return found as Figures;
  throw new NoduleTrainError(
    'run-file',
    `reporting on a run: found no ${lost} in ${path}, expected the figures of \`evaluate --json\`. ` +
      'Write it again or remove it.',
  );
}
