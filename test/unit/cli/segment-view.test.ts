import { describe, expect, it } from 'vitest';
import { batchSummary, nodulesTable } from '../../../dist/cli/segmentView.js';
import { buildScanResult } from '../../support/scanResult.mjs';
import { buildVolume } from '../../support/volume.js';

const scan = buildVolume([4, 16, 16], (_, row) => (row < 8 ? 40 : -700), { spacing: [1, 0.5, 2] });
const mask = new Uint8Array(4 * 16 * 16);
mask.fill(1, 0, 3);
mask.fill(1, 16 * 15, 16 * 15 + 2);
const { nodules } = buildScanResult(scan, mask);

describe('nodulesTable', () => {
  it('shows number, score, slice, axes, volume and texture', () => {
    expect(nodulesTable(nodules)).toEqual([
      '┌─────┬───────┬───────┬──────────────────┬─────────────┬───────────┐',
      '│ no. │ score │ slice │ long × short, mm │ volume, mm³ │ texture   │',
      '├─────┼───────┼───────┼──────────────────┼─────────────┼───────────┤',
      '│   1 │  0.96 │     0 │        3.0 × 0.5 │           3 │ solid     │',
      '│   2 │  0.89 │     0 │        2.0 × 0.5 │           2 │ non-solid │',
      '└─────┴───────┴───────┴──────────────────┴─────────────┴───────────┘',
    ]);
  });

  it('fits into 80 columns with the largest values', () => {
    const huge = { number: 12_345, score: 1, longAxisMm: 512.4, shortAxisMm: 498.7, volumeMm3: 12_345_678.9 };
    const lines = nodulesTable([{ ...nodules[0]!, ...huge, texture: 'part-solid' }]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[3]).toContain('12,345,679');
  });

  it('shows voxels where the spacing is unknown, and dashes for values that are not HU', () => {
    const unknown = buildScanResult({ ...scan, spacing: null, intensity: 'arbitrary' }, mask).nodules;
    expect(nodulesTable(unknown)[3]).toBe('│   1 │  0.96 │     0 │      3 │ –       │');
  });

  it('shows 20 nodules and counts the rest', () => {
    const many = Array.from({ length: 200 }, (_, n) => ({ ...nodules[0]!, number: n + 1 }));
    const lines = nodulesTable(many);
    expect(lines).toHaveLength(20 + 4 + 1);
    expect(lines.at(-1)).toBe('180 more nodules with lower scores: see nodules.csv or nodules.json.');
    expect(nodulesTable(many.slice(0, 21)).at(-1)).toMatch(/^1 more nodule /);
  });

  it('is one line without nodules', () => expect(nodulesTable([])).toEqual(['No nodules.']));
});

describe('batchSummary', () => {
  const counts = { done: 3, skipped: 0, nodules: 4, withoutNodules: 1, seconds: 65, failed: [] };
  it('counts scans and nodules', () => {
    expect(batchSummary(counts)).toEqual(['3 scans segmented in 1:05.', '4 nodules in 2 scans; 1 without any.']);
  });
  it('names finished and failed scans', () => {
    const failed = [{ name: 'b.mhd', reason: 'reading b.mhd: it is empty' }];
    expect(batchSummary({ ...counts, skipped: 2, failed })).toEqual([
      '3 scans segmented in 1:05, 2 already finished, 1 failed.',
      '4 nodules in 4 scans; 1 without any.',
      'Failed: b.mhd: reading b.mhd: it is empty',
    ]);
    expect(batchSummary({ ...counts, done: 0, nodules: 0, withoutNodules: 0, failed })).toHaveLength(2);
  });
});
