import { existsSync, readFileSync } from 'node:fs';
import { replaceFileSync } from '../../runtime/index.js';
import type { NoduleScores } from '../../score/index.js';
import type { PixelMetrics } from '../parts/metrics.js';

/** One epoch of a run. Validation figures are null if the epoch was not validated. */
export interface EpochRow {
  epoch: number;
  step: number;
  train: PixelMetrics;
  validation: PixelMetrics | null;
  nodules: NoduleScores | null;
  score: number | null;
  /** Number of skipped steps. */
  skipped: number;
}

type Cell = number | null;

const pixelCells = (metrics: PixelMetrics | null): Cell[] => [
  metrics?.loss.all ?? null,
  metrics?.loss.positive ?? null,
  metrics?.loss.negative ?? null,
  metrics?.precision ?? null,
  metrics?.recall ?? null,
  metrics?.f1 ?? null,
  metrics?.percent.truePositive ?? null,
  metrics?.percent.falseNegative ?? null,
  metrics?.percent.falsePositive ?? null,
];
const PIXEL_COLUMNS = [
  'loss_all',
  'loss_positive',
  'loss_negative',
  'precision',
  'recall',
  'f1',
  'tp_percent',
  'fn_percent',
  'fp_percent',
];

const HEADER = [
  'epoch',
  'step',
  ...PIXEL_COLUMNS.map((name) => `train_${name}`),
  ...PIXEL_COLUMNS.map((name) => `validation_${name}`),
  'nodules',
  'found',
  'sensitivity',
  'false_per_scan',
  'dice3d',
  'score',
  'skipped',
].join(',');

const line = ({ epoch, step, train, validation, nodules, score, skipped }: EpochRow) =>
  [
    epoch,
    step,
    ...pixelCells(train),
    ...pixelCells(validation),
    nodules?.nodules ?? null,
    nodules?.found ?? null,
    nodules?.sensitivity ?? null,
    nodules?.falsePerScan ?? null,
    nodules?.dice3d ?? null,
    score,
    skipped,
  ]
    .map((cell) => (cell === null ? '' : String(cell)))
    .join(',');

/**
 * Writes an epoch's line of `metrics.csv`. Lines of the same or later epochs, left by a run that was killed after its
 * last checkpoint, are removed. Replaces the file atomically.
 */
export function writeEpochRow(path: string, row: EpochRow): void {
  const kept = existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(1)
        .filter((text) => text !== '' && Number.parseInt(text, 10) < row.epoch)
    : [];
  replaceFileSync(path, `${[HEADER, ...kept, line(row)].join('\n')}\n`);
}
