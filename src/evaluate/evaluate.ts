import { type LabelledScan, openDataset } from '../data/index.js';
import { type ModelOptions, openModel, predictScan, type RegionKind } from '../model/index.js';
import { checkOutputFile, NoduleTrainError, saveResult } from '../runtime/index.js';
import {
  applyPoint,
  type BaselineScan,
  baselineAt,
  baselineCandidates,
  chooseOperatingPoint,
  type OperatingPoint,
  type PointChoice,
  type PredictedScan,
  predictedScan,
  type ScanScore,
} from '../score/index.js';
import { chooseDevice, type Device } from '../torch/index.js';
import { baselineHits } from './baselineHits.js';
import { computeFigures, type Figures } from './figures.js';
import { overlayPicture, type Tile } from './overlayPicture.js';
import { openPredictions } from './predictionFiles.js';
import { checkScanChoice, chooseScans, type ScanChoice } from './scanChoice.js';

export interface EvaluateOptions extends ScanChoice, ModelOptions, Partial<OperatingPoint> {
  /** Bundled model, checkpoint of a run, or plain weights with `pooling` and `input`. Either this or `predictions`. */
  model?: string | undefined;
  /**
   * Folder with the predictions of any program: per scan one mask or one volume of probabilities, named like the scan
   * and on its grid. Masks are scored as they are, probabilities above `threshold` (default 0.5). `minimumVoxels`
   * defaults to 1 and `minimumScore` to 0.
   */
  predictions?: string | undefined;
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
  onProgress?: (progress: { label: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}

export interface Evaluation extends Figures {
  /** How many of these patients the model was trained on; null for predictions, where it is unknown. */
  trainedOn: number | null;
  operatingPoint: OperatingPoint | PointChoice;
  /** Why `pictures` could not be written; absent where they were, or none were requested. */
  unwritten?: string;
}

/** Limits the picture to what fits a screen. */
const MAX_TILES = 24;

/** Source of the predictions to score: one probability per voxel of a scan. */
interface Predictor {
  point: OperatingPoint;
  trainedOn: ReadonlySet<string> | null;
  predict(
    scan: LabelledScan,
    options: { signal?: AbortSignal | undefined; onProgress: (slices: number, of: number) => void },
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
    for await (const { scan } of predictAll(options.chooseOn, predictor, 'choosing the operating point', options))
      scans.push(scan);
    operatingPoint = chooseOperatingPoint(scans, { maxFalsePerScan });
  }
  const scored: { uid: string; patient: string; model: ScanScore; baseline: BaselineScan | null }[] = [];
  const tiles: Tile[] = [];
  for await (const { scan, patient } of predictAll(options, predictor, 'scoring', { onProgress, signal })) {
    const { volume, truth, nodules } = scan;
    // The baseline has thresholds in HU and sizes in millimetres.
    const baseline = volume.intensity === 'hu' && volume.spacing !== null ? baselineCandidates(volume, nodules) : null;
    const { score, mask } = applyPoint(scan, operatingPoint);
    scored.push({ uid: volume.uid, patient, model: score, baseline });
    if (options.pictures && tiles.length < MAX_TILES) {
      const prediction = mask();
      for (const { centerIRC } of nodules) tiles.push(cutTile(volume, truth, prediction, centerIRC));
    }
  }
  const unwritten = options.pictures && tiles.length > 0 ? writePictures(options.pictures, tiles) : null;
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
    ...(unwritten !== null && { unwritten }),
  };
}

/** Returns why the pictures could not be written, or null: the figures must not be lost with them. */
function writePictures(file: string, tiles: readonly Tile[]): string | null {
  try {
    saveResult(file, overlayPicture(tiles.slice(0, MAX_TILES)));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
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
    const files = await openPredictions(predictions);
    return {
      point: { threshold: 0.5, minimumVoxels: 1, minimumScore: 0 },
      trainedOn: null,
      predict: async (scan, { signal }) => {
        signal?.throwIfAborted();
        return predictedScan(scan, await files.read(scan.volume));
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
  choice: ScanChoice,
  predictor: Predictor,
  label: string,
  { onProgress, signal }: Pick<EvaluateOptions, 'onProgress' | 'signal'>,
) {
  const dataset = await openDataset(choice.data, { ...choice.source, ...(choice.labels && { labels: choice.labels }) });
  const chosen = await chooseScans('scoring', dataset, choice, { split: 'test', fold: 'validation' });
  let done = 0;
  for (const { uid, patient } of chosen) {
    const scan = await predictor.predict(await dataset.load(uid), {
      signal,
      onProgress: (slices, of) => onProgress?.({ label, done: done + slices / of, total: chosen.length }),
    });
    done++;
    onProgress?.({ label, done, total: chosen.length });
    yield { scan, patient: patient ?? uid };
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
