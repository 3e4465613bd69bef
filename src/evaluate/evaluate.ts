import { type LabelledScan, openDataset } from '../data/index.js';
import { type ModelOptions, openModel, predictScan } from '../model/index.js';
import { checkOutputFile, NoduleTrainError, saveResult } from '../runtime/index.js';
import {
  type BaselineScan,
  baselineAt,
  baselineCandidates,
  chooseOperatingPoint,
  type OperatingPoint,
  type PointChoice,
  type PredictedScan,
  predictedScan,
  predictionAt,
  type ScanScore,
  scoreAt,
} from '../score/index.js';
import { chooseDevice, type Device } from '../torch/index.js';
import { baselineHits } from './baselineHits.js';
import { type Figures, figuresOf } from './figures.js';
import { overlayPicture, type Tile } from './overlayPicture.js';
import { openPredictions } from './predictionFiles.js';
import { checkScanChoice, chooseScans, type ScanChoice } from './scanChoice.js';

export interface EvaluateOptions extends ScanChoice, ModelOptions, Partial<OperatingPoint> {
  /** A checkpoint of a run, or plain weights with `pooling` and `input`. Either this or `predictions`. */
  model?: string | undefined;
  /**
   * A folder of what any program predicted: a mask, or a volume of probabilities, for each scan, named like it and on its grid. Masks
   * count as they are, probabilities above `threshold` (default 0.5); `minimumVoxels` is 1 and `minimumScore` 0 unless given.
   */
  predictions?: string | undefined;
  /** Chooses the operating point on these scans; without it the model's own is taken, but for what is given here. */
  chooseOn?: ScanChoice;
  /** False components per scan that the choice stays within; default 4. */
  maxFalsePerScan?: number;
  /** `auto`, `cpu`, `cuda` or `cuda:N`; default auto. */
  device?: string;
  /** Where to write a PNG of nodules with label and prediction. */
  pictures?: string;
  onProgress?: (progress: { label: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}

export interface Evaluation extends Figures {
  /** How many of these patients the model was trained on; null for predictions, which do not say it. */
  trainedOn: number | null;
  operatingPoint: OperatingPoint | PointChoice;
  /** Why `pictures` could not be written; absent where they were, or none were requested. */
  unwritten?: string;
}

/** Tiles of a picture: enough to see, few enough to fit a screen. */
const MOST_TILES = 24;

/** What is scored: for each scan a probability per voxel. */
interface Predictor {
  point: OperatingPoint;
  trainedOn: ReadonlySet<string> | null;
  predict(
    scan: LabelledScan,
    options: { signal?: AbortSignal | undefined; onProgress: (slices: number, of: number) => void },
  ): Promise<PredictedScan>;
}

/**
 * Segments scans with a model, or takes what was predicted elsewhere, and scores it beside a rule without learning;
 * docs/reference/figures.md defines the figures.
 *
 * @throws NoduleTrainError `evaluate-options` where not exactly one of `model` and `predictions` is given, `split-empty` where nothing is left to
 *   score, and what reading the data, the split, the model and the predictions throws
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { onProgress, signal, maxFalsePerScan = 4 } = options;
  if (options.pictures !== undefined) checkOutputFile(`scoring ${options.data}`, '--pictures', options.pictures);
  checkScanChoice('scoring', options);
  if (options.chooseOn) checkScanChoice('choosing the operating point on', options.chooseOn);
  const predictor = await predictorOf(options);
  const {
    threshold = predictor.point.threshold,
    minimumVoxels = predictor.point.minimumVoxels,
    minimumScore = predictor.point.minimumScore,
  } = options;
  let operatingPoint: OperatingPoint | PointChoice = { threshold, minimumVoxels, minimumScore };
  if (options.chooseOn) {
    const seen: PredictedScan[] = [];
    for await (const { scan } of predictAll(options.chooseOn, predictor, 'choosing the operating point', options))
      seen.push(scan);
    operatingPoint = chooseOperatingPoint(seen, { maxFalsePerScan });
  }
  const scored: { uid: string; patient: string; model: ScanScore; baseline: BaselineScan | null }[] = [];
  const tiles: Tile[] = [];
  for await (const { scan, patient } of predictAll(options, predictor, 'scoring', { onProgress, signal })) {
    const { volume, truth, nodules } = scan;
    // Its cuts are in HU and its sizes in millimetres.
    const baseline = volume.intensity === 'hu' && volume.spacing !== null ? baselineCandidates(volume, nodules) : null;
    scored.push({ uid: volume.uid, patient, model: scoreAt(scan, operatingPoint), baseline });
    if (options.pictures && tiles.length < MOST_TILES) {
      const prediction = predictionAt(scan, operatingPoint);
      for (const { centerIRC } of nodules) tiles.push(tileOf(volume, truth, prediction, centerIRC));
    }
  }
  const unwritten = options.pictures && tiles.length > 0 ? writePictures(options.pictures, tiles) : null;
  const wrong = scored.reduce((sum, { model: { falseComponents } }) => sum + falseComponents, 0);
  const baselinePoint = baselineAt(
    scored.flatMap(({ baseline }) => baseline ?? []),
    scored.length === 0 ? 0 : wrong / scored.length,
  );
  const figures = figuresOf(
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
    saveResult(file, overlayPicture(tiles.slice(0, MOST_TILES)));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

async function predictorOf(options: EvaluateOptions): Promise<Predictor> {
  const { model: path, predictions } = options;
  if ((path === undefined) === (predictions === undefined))
    throw new NoduleTrainError(
      'evaluate-options',
      `scoring ${options.data}: ${path === undefined ? 'neither a model nor predictions were' : 'a model and predictions were both'} given; one of \`--model\` and \`--predictions\` is wanted`,
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
    predict: (scan, { signal, onProgress }) => predictScan(scan, model, { ...(signal && { signal }), onProgress }),
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

/** Only the middle slice of the nodule is kept, so that the pictures hold no scans in memory. */
function tileOf(
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
