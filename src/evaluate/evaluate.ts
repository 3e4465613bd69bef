import type { Dataset, LabelledScan } from '../data/index.js';
import { type LabelAccount, type LabelValues, lostLabelsCsv } from '../labels/index.js';
import { type ModelOptions, noduleTexture, openModel, predictScan, type RegionKind } from '../model/index.js';
import { checkOutputFile, NoduleTrainError, saveResult } from '../runtime/index.js';
import {
  applyPoint,
  type BaselineScan,
  baselineAt,
  baselineCandidates,
  chooseOperatingPoint,
  type OperatingPoint,
  type PointChoice,
  type PointResult,
  type PredictedScan,
  predictedScan,
  type ScanScore,
  type ScoreCompat,
} from '../score/index.js';
import { chooseDevice, type Device } from '../torch/index.js';
import { baselineHits } from './baselineHits.js';
import { computeFigures, type Figures } from './figures.js';
import { type EvaluatedNodule, type NoduleFigures, noduleFigures, nodulesCsv, sizeClassName } from './noduleFigures.js';
import { type OpenedScans, openScans } from './openScans.js';
import { overlayPicture, type Tile } from './overlayPicture.js';
import { openPredictions } from './predictionFiles.js';
import { checkScanChoice, type ScanChoice } from './scanChoice.js';

export interface EvaluateOptions extends ScanChoice, ModelOptions, Partial<OperatingPoint> {
  /** Bundled model, checkpoint of a run, or plain weights with `pooling` and `input`. Either this or `predictions`. */
  model?: string | undefined;
  /**
   * Folder with the predictions of any program: per scan one mask or one volume of probabilities, named like the scan
   * and on its grid. Masks are scored as they are, probabilities above `threshold` (default 0.5). `minimumVoxels`
   * defaults to 1 and `minimumScore` to 0.
   */
  predictions?: string | undefined;
  /**
   * Value of nodules in predicted masks: numbers separated by commas, or `any` for every value except 0. By default
   * that of the data's own label images if these hold several labels, else `any`.
   */
  predictionLabel?: string;
  /** Scans to choose the operating point on; by default the point is the model's own, with the values given here. */
  chooseOn?: ScanChoice;
  /** Largest number of false components per scan of the chosen point; default 4. */
  maxFalsePerScan?: number;
  /** Part of each scan that the model sees; default `lungs`. */
  region?: RegionKind;
  /** `auto`, `cpu`, `cuda` or `cuda:N`; default `auto`. */
  device?: string;
  /** PNG file to write: nodules with label and prediction. */
  pictures?: string;
  /** CSV file to write: one line per true nodule. */
  nodulesCsv?: string;
  /** CSV file to write: one line per annotation that is not among the true nodules, with the reason. */
  lostLabelsCsv?: string;
  /** Faults of the book's grouping and matching to reproduce when scoring. */
  compat?: ScoreCompat;
  onProgress?: (progress: { label: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}

export interface Evaluation extends Figures {
  /** How many of these patients the model was trained on; null for predictions, where it is unknown. */
  trainedOn: number | null;
  operatingPoint: OperatingPoint | PointChoice;
  /** Candidates above the threshold per scan, before the operating point drops any. */
  candidatesPerScan: number;
  /** Means over the nodules, by size class and by texture. */
  noduleFigures: NoduleFigures;
  /** Every true nodule. */
  perNodule: EvaluatedNodule[];
  perScan: EvaluatedScan[];
  /** What became of the annotations and label images of the scored scans. */
  labels: LabelAccount;
  /** What the user should know about the data and the predictions, one sentence each. */
  notes: readonly string[];
  /** Why `pictures` or `nodulesCsv` could not be written; absent where they were, or none were requested. */
  unwritten?: string;
}

/** One scan of an evaluation. */
export interface EvaluatedScan {
  uid: string;
  patient: string;
  /** Candidates above the threshold, before the operating point drops any. */
  candidates: number;
  /** Of those, how many the operating point keeps. */
  predicted: number;
  falseComponents: number;
  nodules: number;
  found: number;
}

/** Default parts of a split and of a fold. */
const PARTS = { split: 'test', fold: 'validation' } as const;

/** Limits the picture to what fits a screen. */
const MAX_TILES = 24;

/** Source of the predictions to score: one probability per voxel of a scan. */
interface Predictor {
  point: OperatingPoint;
  trainedOn: ReadonlySet<string> | null;
  /** Checks the scans before the first is read. */
  require?(uids: readonly string[]): void;
  /** Checks what was read after the last scan, and returns what the user should know, one sentence each. */
  finish?(dataset: Dataset): string[];
  predict(
    scan: LabelledScan,
    options: {
      signal?: AbortSignal | undefined;
      labelValues: LabelValues | null;
      onProgress: (slices: number, of: number) => void;
    },
  ): Promise<PredictedScan>;
}

/**
 * Scores a model, or the predictions of another program, on scans with ground truth, beside a threshold baseline
 * without learning; docs/reference/figures.md defines the figures.
 *
 * @throws NoduleTrainError `evaluate-options` unless exactly one of `model` and `predictions` is given, `split-empty`
 *   if there is no scan to score, and what reading the data, the split, the model and the predictions throws
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { onProgress, signal, maxFalsePerScan = 4 } = options;
  if (options.pictures !== undefined) checkOutputFile(`scoring ${options.data}`, '--pictures', options.pictures);
  if (options.nodulesCsv !== undefined) checkOutputFile(`scoring ${options.data}`, '--nodules-csv', options.nodulesCsv);
  if (options.lostLabelsCsv !== undefined)
    checkOutputFile(`scoring ${options.data}`, '--lost-labels-csv', options.lostLabelsCsv);
  checkScanChoice('scoring', options);
  if (options.chooseOn) checkScanChoice('choosing the operating point on', options.chooseOn);
  const predictor = await createPredictor(options);
  const {
    threshold = predictor.point.threshold,
    minimumVoxels = predictor.point.minimumVoxels,
    minimumScore = predictor.point.minimumScore,
  } = options;
  let operatingPoint: OperatingPoint | PointChoice = { threshold, minimumVoxels, minimumScore };
  if (options.chooseOn) {
    const scans: PredictedScan[] = [];
    const chosen = await openScans('scoring', options.chooseOn, PARTS, { list: options.lostLabelsCsv });
    for await (const { scan } of predictAll(chosen, predictor, 'choosing the operating point', options))
      scans.push(scan);
    operatingPoint = chooseOperatingPoint(scans, { maxFalsePerScan });
  }
  const scored: { uid: string; patient: string; model: ScanScore; baseline: BaselineScan | null }[] = [];
  const tiles: Tile[] = [];
  const perNodule: EvaluatedNodule[] = [];
  const perScan: EvaluatedScan[] = [];
  const opened = await openScans('scoring', options, PARTS, { list: options.lostLabelsCsv });
  for await (const { scan, patient } of predictAll(opened, predictor, 'scoring', { onProgress, signal })) {
    const { volume, truth, nodules } = scan;
    // The baseline has thresholds in HU and sizes in millimetres.
    const baseline = volume.intensity === 'hu' && volume.spacing !== null ? baselineCandidates(volume, nodules) : null;
    const applied = applyPoint(scan, operatingPoint, options.compat);
    const { score, mask, candidates } = applied;
    perNodule.push(...evaluatedNodules(scan, patient, applied));
    const found = score.nodules.filter((nodule) => nodule.found && nodule.overlap.truth > 0).length;
    const { predictedComponents: predicted, falseComponents } = score;
    perScan.push({ uid: volume.uid, patient, candidates, predicted, falseComponents, nodules: nodules.length, found });
    scored.push({ uid: volume.uid, patient, model: score, baseline });
    if (options.pictures && tiles.length < MAX_TILES) {
      const prediction = mask();
      for (const { centerIRC } of nodules) tiles.push(cutTile(volume, truth, prediction, centerIRC));
    }
  }
  const unwritten = writeFiles([
    ...(options.pictures && tiles.length > 0
      ? [[options.pictures, () => overlayPicture(tiles.slice(0, MAX_TILES))] as const]
      : []),
    ...(options.nodulesCsv ? [[options.nodulesCsv, () => nodulesCsv(perNodule)] as const] : []),
    ...(options.lostLabelsCsv ? [[options.lostLabelsCsv, () => lostLabelsCsv(opened.labels())] as const] : []),
  ]);
  const wrong = scored.reduce((sum, { model: { falseComponents } }) => sum + falseComponents, 0);
  const baselinePoint = baselineAt(
    scored.flatMap(({ baseline }) => baseline ?? []),
    scored.length === 0 ? 0 : wrong / scored.length,
  );
  const figures = computeFigures(
    scored.map(({ baseline, ...scan }) => ({ ...scan, baseline: baseline && baselineHits(baseline, baselinePoint) })),
  );
  const { trainedOn } = predictor;
  const patients = [...new Set(scored.map(({ patient }) => patient))];
  return {
    ...figures,
    trainedOn: trainedOn && patients.filter((patient) => trainedOn.has(patient)).length,
    operatingPoint,
    candidatesPerScan: perScan.reduce((sum, { candidates }) => sum + candidates, 0) / Math.max(1, perScan.length),
    noduleFigures: noduleFigures(perNodule),
    perNodule,
    perScan,
    labels: opened.labels(),
    notes: [...opened.dataset.notes, ...(predictor.finish?.(opened.dataset) ?? [])],
    ...(unwritten !== null && { unwritten }),
  };
}

/** Returns why files could not be written, or null: the figures must not be lost with them. */
function writeFiles(files: readonly (readonly [path: string, content: () => string | Uint8Array])[]): string | null {
  const faults = files.flatMap(([path, content]) => {
    try {
      saveResult(path, content());
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  return faults.length === 0 ? null : faults.join('\n');
}

/** Lists the true nodules of a scan with what was measured about them. */
function evaluatedNodules(
  { volume }: PredictedScan,
  patient: string,
  { score, candidates, compare }: PointResult,
): EvaluatedNodule[] {
  return compare().map(({ truth, rank, rankBySize, metrics }, n): EvaluatedNodule => {
    const { nodule, found, dice } = score.nodules[n]!;
    const hasTexture = volume.intensity === 'hu' && truth.length > 0;
    return {
      uid: volume.uid,
      patient,
      nodule: n + 1,
      centerIndex: nodule.centerIRC,
      diameterMm: nodule.diameterMm,
      sizeClass: sizeClassName(nodule.diameterMm),
      texture: hasTexture ? noduleTexture(volume, truth).texture : null,
      voxels: truth.length,
      found,
      rank,
      rankBySize,
      candidates,
      dice,
      ...metrics,
    };
  });
}

async function createPredictor(options: EvaluateOptions): Promise<Predictor> {
  const { model: path, predictions } = options;
  if ((path === undefined) === (predictions === undefined))
    throw new NoduleTrainError(
      'evaluate-options',
      `scoring ${options.data}: found ${path === undefined ? 'neither' : 'both'} of \`model\` and \`predictions\`, ` +
        'expected one. Give --model or --predictions.',
    );
  if (predictions !== undefined) {
    const files = await openPredictions(predictions, options.predictionLabel);
    return {
      point: { threshold: 0.5, minimumVoxels: 1, minimumScore: 0 },
      trainedOn: null,
      require: (uids) => files.require(uids),
      predict: async (scan, { signal, labelValues }) => {
        signal?.throwIfAborted();
        return predictedScan(scan, await files.read(scan.volume, labelValues));
      },
      finish(dataset) {
        const values = files.checkValues();
        const unused = files.unused(dataset.scans.map(({ uid }) => uid));
        const other = `${unused.length} predictions are of no scan of these data and were not scored (first: ${unused[0]}).`;
        return [...(values === null ? [] : [values]), ...(unused.length === 0 ? [] : [other])];
      },
    };
  }
  const device = chooseDevice(options.device ?? 'auto') as Device;
  const { model, point, trainedOn } = openModel(path as string, device, options);
  return {
    point,
    trainedOn,
    predict: (scan, { signal, onProgress }) => predictScan(scan, model, { region: options.region, signal, onProgress }),
  };
}

async function* predictAll(
  { dataset, chosen, load }: OpenedScans,
  predictor: Predictor,
  label: string,
  { onProgress, signal }: Pick<EvaluateOptions, 'onProgress' | 'signal'>,
) {
  predictor.require?.(chosen.map(({ uid }) => uid));
  let done = 0;
  for await (const { scan: labelled, chosen: one } of load()) {
    const scan = await predictor.predict(labelled, {
      labelValues: dataset.labelValues(one.uid),
      signal,
      onProgress: (slices, of) => onProgress?.({ label, done: done + slices / of, total: chosen.length }),
    });
    done++;
    onProgress?.({ label, done, total: chosen.length });
    yield { scan, patient: one.patient ?? one.uid };
  }
}

/** Copies the middle slice of a nodule, so the picture does not keep whole scans in memory. */
function cutTile(
  volume: PredictedScan['volume'],
  truth: Uint8Array,
  predicted: Uint8Array,
  center: readonly [number, number, number],
): Tile {
  const [slices, rows, columns] = volume.shape;
  const slice = Math.min(Math.max(Math.round(center[0]), 0), slices - 1);
  const [from, to] = [slice * rows * columns, (slice + 1) * rows * columns];
  return {
    volume: { ...volume, voxels: volume.voxels.slice(from, to), shape: [1, rows, columns] },
    truth: truth.slice(from, to),
    predicted: predicted.slice(from, to),
    center: [0, Math.round(center[1]), Math.round(center[2])],
  };
}
