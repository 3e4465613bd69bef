import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Dataset, readSplit } from '../../data/index.js';
import { openModel } from '../../model/index.js';
import { checkOutputFile, NoduleTrainError, replaceFile } from '../../runtime/index.js';
import type { OperatingPoint } from '../../score/index.js';
import { chooseDevice, type Device } from '../../torch/index.js';
import { openRunDataset, type RunFolder, recordedConfig, runFolder, type TrainConfig } from '../../train/index.js';
import type { Figures } from '../figures.js';
import { bestEpochOf } from './curves.js';
import { reportPage } from './reportPage.js';
import { type RunHistory, readRunHistory } from './runHistory.js';
import { scoreValidation, type ValidationScores } from './scoreValidation.js';

export interface ReportOptions extends Partial<OperatingPoint> {
  /** Where the run's data lie now; default where they lay when it was trained. */
  data?: string;
  /** Scans of the validation part to score at most; 0, the default: all. */
  scans?: number;
  /** Best nodules, and worst ones, to show; default 6. */
  pictures?: number;
  /** `auto`, `cpu`, `cuda` or `cuda:N`; default auto. */
  device?: string;
  onProgress?: (progress: { label: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}

export interface Report {
  /** Of the page. */
  path: string;
  bytes: number;
  /** Why the parts that need scans are missing; null where they are there. */
  missing: string | null;
  /** The same with the folder's name, which the page does not tell. */
  reason: string | null;
  scores: ValidationScores | null;
}

/**
 * Writes `report.html` into the folder of a run: what it recorded, and its best model's scores on its validation part. Where the data are
 * not where they were, the page says so in place of the scores; with `data` they must be there.
 *
 * @throws NoduleTrainError `run-missing`, `run-config`, `run-events`, `run-file`, and what reading the data that `data` names and the model throws
 */
export async function writeReport(folder: string, options: ReportOptions = {}): Promise<Report> {
  const run = runFolder(folder);
  const path = join(folder, 'report.html');
  const config = recordedConfig(run, 'reporting on');
  checkOutputFile('reporting on a run', 'the report', path);
  const history = await readRunHistory(run.events);
  const { reason, ...scored } = await scoresOf(run, config, options);
  const page = reportPage({
    name: basename(resolve(folder)),
    config,
    manifest: recordedJson(run.manifest),
    history,
    model: modelText(run, history),
    heldOut: heldOutOf(folder),
    ...scored,
  });
  await replaceFile(path, page);
  return { path, bytes: Buffer.byteLength(page), ...scored, reason: reason ?? scored.missing };
}

/** A run whose validations all scored 0 has no best model. */
const modelOf = ({ best, last }: RunFolder): string | null => [best, last].find((path) => existsSync(path)) ?? null;

function modelText(run: RunFolder, { epochs }: RunHistory): string {
  const path = modelOf(run);
  if (path === null) return 'It has saved no model yet.';
  return path === run.best
    ? `Scored is its best model, of epoch ${bestEpochOf(epochs)?.epoch ?? '–'}.`
    : 'No validation scored above 0, so there is no best model: scored is the last one.';
}

async function scoresOf(
  run: RunFolder,
  config: TrainConfig,
  options: ReportOptions,
): Promise<{ scores: ValidationScores | null; missing: string | null; reason?: string }> {
  const path = modelOf(run);
  if (path === null) return { scores: null, missing: 'the run has saved no model yet.' };
  if (!existsSync(run.split))
    return { scores: null, missing: 'the run has no split.json, so nothing says which scans validate.' };
  const { validation } = await readSplit(run.split);
  const uids = options.scans ? validation.slice(0, options.scans) : validation;
  const opened = await openData(config, uids, options.data);
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

const missingData = 'the scans that the run was validated on could not be opened';
const anew = 'with them, make the report anew by nodule-train report RUN --data DIR.';

/** Data that were named must be there; those of the configuration may have gone. */
async function openData(config: TrainConfig, uids: readonly string[], dir?: string): Promise<Opened> {
  try {
    const dataset = await openRunDataset(config, dir ?? config.data);
    const known = new Set(dataset.scans.map(({ uid }) => uid));
    const lost = uids.filter((uid) => !known.has(uid));
    if (lost.length > 0)
      throw new NoduleTrainError(
        'report-data',
        `scoring the validation part of a run on ${dataset.dir}: ${lost.length} of its ${uids.length} series are not there, the first is ${lost[0]}; give the run's own data with --data`,
      );
    return { dataset };
  } catch (error) {
    if (dir !== undefined || !(error instanceof NoduleTrainError)) throw error;
    // The message names the folder, which may be named after a patient: it is for the terminal alone.
    return { dataset: null, missing: `${missingData} (${error.code}); ${anew}`, reason: error.message };
  }
}

/** What a file of the run's folder holds; null where it is not there. */
function recordedJson(path: string): Record<string, unknown> | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new NoduleTrainError(
      'run-file',
      `reporting on a run: ${path} is no JSON (${(cause as Error).message}); restore it, or take it away`,
      { cause },
    );
  }
}

/** Figures that `evaluate` or a demo wrote there. */
function heldOutOf(folder: string): Figures | null {
  const path = join(folder, 'score.json');
  const found = recordedJson(path) as Partial<Figures> | null;
  if (found === null) return null;
  const wanted = ['scans', 'patients', 'nodules', 'found', 'missed', 'falsePerScan', 'dice3d', 'intervals'] as const;
  const lost = wanted.find((name) => found[name] === undefined);
  if (lost === undefined) return found as Figures;
  throw new NoduleTrainError(
    'run-file',
    `reporting on a run: ${path} has no ${lost}, figures as \`evaluate --json\` gives them are wanted; make it anew, or take it away`,
  );
}
