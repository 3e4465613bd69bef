import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Counts, pixelMetrics } from '../../../dist/train/parts/metrics.js';
import { type EpochRow, writeEpochRow } from '../../../dist/train/run/metricsCsv.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const counts: Counts = {
  samples: 10,
  positiveSamples: 4,
  loss: 5,
  positiveLoss: 3,
  truePositives: 60,
  falseNegatives: 40,
  falsePositives: 20,
  pixels: 800,
};

describe('pixelMetrics', () => {
  it('computes the figures of a worked example', () => {
    expect(pixelMetrics(counts)).toEqual({
      loss: { all: 0.5, positive: 0.75, negative: 2 / 6 },
      precision: 0.75,
      recall: 0.6,
      f1: 120 / 180,
      painted: 0.1,
      percent: { truePositive: 60, falseNegative: 40, falsePositive: 20 },
    });
  });

  it('is null, not NaN, if nothing was predicted or labelled', () => {
    const nothing = pixelMetrics({ ...counts, truePositives: 0, falseNegatives: 0, falsePositives: 0 });
    expect([nothing.precision, nothing.recall, nothing.f1, nothing.percent.falsePositive]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('keeps F1 the harmonic mean of precision and recall', () => {
    const some = fc.integer({ min: 1, max: 1e6 });
    fc.assert(
      fc.property(some, some, some, (truePositives, falseNegatives, falsePositives) => {
        const { precision, recall, f1 } = pixelMetrics({ ...counts, truePositives, falseNegatives, falsePositives });
        expect(f1).toBeCloseTo(2 / (1 / (precision as number) + 1 / (recall as number)), 10);
      }),
    );
  });
});

describe('writeEpochRow', () => {
  const folder = scratchFolderPerTest('metrics');
  const row = (epoch: number): EpochRow => ({
    epoch,
    step: epoch * 4,
    train: pixelMetrics(counts),
    validation: null,
    nodules: null,
    score: null,
    skipped: 0,
  });
  const epochs = (path: string) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0]);

  it('writes a header and one line per epoch, all with the same number of cells', () => {
    const path = join(folder, 'metrics.csv');
    for (const epoch of [1, 2, 3]) writeEpochRow(path, row(epoch));
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(epochs(path)).toEqual(['1', '2', '3']);
    expect(new Set(lines.map((line) => line.split(',').length)).size).toBe(1);
    expect(lines[0]).toMatch(/^epoch,step,train_loss_all,/);
  });

  it('replaces the lines that a killed run left after its checkpoint', () => {
    const path = join(folder, 'metrics.csv');
    for (const epoch of [1, 2, 3, 2]) writeEpochRow(path, row(epoch));
    expect(epochs(path)).toEqual(['1', '2']);
  });

  it('overwrites an empty file', () => {
    const path = join(folder, 'metrics.csv');
    writeFileSync(path, '');
    writeEpochRow(path, row(1));
    expect(epochs(path)).toEqual(['1']);
  });
});
