import { writeFile } from 'node:fs/promises';
import { type Dataset, openDataset, readSplit, type SourceOptions, type SplitPart } from '../data/index.js';
import { type BaselineScan, baselineAt, baselineCandidates, overlap, type ScanScore } from '../score/index.js';
import type { Device } from '../torch/index.js';
import { chooseDevice } from '../train/chooseDevice.js';
import { baselineHits } from './baselineHits.js';
import type { OperatingPoint } from './candidates.js';
import { type Figures, figuresOf } from './figures.js';
import { loadScanModel, type ModelOptions } from './loadScanModel.js';
import { chooseOperatingPoint, type PointChoice, type PredictedScan, predictionAt, scoreAt } from './operatingPoint.js';
import { overlayPicture, type Tile } from './overlayPicture.js';
import { predictScan } from './predictScan.js';
import type { ScanModel } from './scanModel.js';

/** Scans of a data folder: all, or one part of a split. */
export interface ScanChoice {
  /** A folder of scans in a known layout, or a prepared store. */
  data: string;
  /** File of a split, as a run's split.json. */
  split?: string;
  part?: SplitPart;
  /** What the data do not say themselves. */
  source?: SourceOptions;
}

export interface EvaluateOptions extends ScanChoice, ModelOptions, Partial<OperatingPoint> {
  /** A checkpoint of a run, or plain weights with `pooling` and `input`. */
  model: string;
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
  /** How many of these patients the model was trained on. */
  trainedOn: number;
  operatingPoint: OperatingPoint | PointChoice;
}

/** Tiles of a picture: enough to see, few enough to fit a screen. */
const MOST_TILES = 24;

/**
 * Segments whole scans with a model and scores them beside a rule without learning; docs/evaluate.md defines the figures.
 *
 * @throws NoduleTrainError what reading the data, the split and the model throws
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { onProgress, signal, maxFalsePerScan = 4 } = options;
  const device = chooseDevice(options.device ?? 'auto') as Device;
  const { model, point, trainedOn } = loadScanModel(options.model, device, options);
  const {
    threshold = point.threshold,
    minimumVoxels = point.minimumVoxels,
    minimumScore = point.minimumScore,
  } = options;
  let operatingPoint: OperatingPoint | PointChoice = { threshold, minimumVoxels, minimumScore };
  if (options.chooseOn) {
    const seen: PredictedScan[] = [];
    for await (const { scan } of predictAll(options.chooseOn, model, 'choosing the operating point', options))
      seen.push(scan);
    operatingPoint = chooseOperatingPoint(seen, { maxFalsePerScan });
  }
  const scored: {
    uid: string;
    patient: string;
    model: ScanScore;
    overlap: ReturnType<typeof overlap>;
    baseline: BaselineScan | null;
  }[] = [];
  const tiles: Tile[] = [];
  for await (const { scan, patient } of predictAll(options, model, 'scoring', { onProgress, signal })) {
    const { volume, truth, nodules } = scan;
    const prediction = predictionAt(scan, operatingPoint);
    // Its cuts are in HU and its sizes in millimetres.
    const baseline = volume.intensity === 'hu' && volume.spacing !== null ? baselineCandidates(volume, nodules) : null;
    scored.push({
      uid: volume.uid,
      patient,
      model: scoreAt(scan, operatingPoint),
      overlap: overlap(prediction, truth),
      baseline,
    });
    if (options.pictures) for (const { centerIRC } of nodules) tiles.push(tileOf(volume, truth, prediction, centerIRC));
  }
  if (options.pictures && tiles.length > 0)
    await writeFile(options.pictures, overlayPicture(tiles.slice(0, MOST_TILES)));
  const wrong = scored.reduce((sum, { model: { falseComponents } }) => sum + falseComponents, 0);
  const baselinePoint = baselineAt(
    scored.flatMap(({ baseline }) => baseline ?? []),
    scored.length === 0 ? 0 : wrong / scored.length,
  );
  const figures = figuresOf(
    scored.map(({ baseline, ...scan }) => ({ ...scan, baseline: baseline && baselineHits(baseline, baselinePoint) })),
  );
  const patients = new Set(scored.map(({ patient }) => patient));
  return { ...figures, trainedOn: [...patients].filter((patient) => trainedOn.has(patient)).length, operatingPoint };
}

async function* predictAll(
  choice: ScanChoice,
  model: ScanModel,
  label: string,
  { onProgress, signal }: Pick<EvaluateOptions, 'onProgress' | 'signal'>,
) {
  const dataset = await openDataset(choice.data, choice.source);
  const chosen = await scansOf(dataset, choice);
  let done = 0;
  for (const { uid, patient } of chosen) {
    const scan = await predictScan(await dataset.load(uid), model, {
      signal,
      onProgress: (slices, of) => onProgress?.({ label, done: done + slices / of, total: chosen.length }),
    });
    done++;
    yield { scan, patient: patient ?? uid };
  }
}

async function scansOf({ scans }: Dataset, { split, part = 'test' }: ScanChoice) {
  if (split === undefined) return scans;
  const wanted = new Set((await readSplit(split))[part]);
  return scans.filter(({ uid }) => wanted.has(uid));
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
