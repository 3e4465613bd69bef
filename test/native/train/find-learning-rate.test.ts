import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  findLearningRate,
  hasDiverged,
  smoothedBothWays,
  smoothedLosses,
} from '../../../dist/train/inspect/findLearningRate.js';
import { ratePlot } from '../../../dist/train/inspect/ratePlot.js';
import { scratchFolder } from '../../support/scratch.js';
import { writeTinyScans } from '../../support/tinyScans.js';

const folder = scratchFolder('find-rate');
beforeAll(async () => {
  await writeTinyScans(join(folder, 'scans'), 2);
}, 60_000);

describe('smoothed losses', () => {
  it('equal a constant loss from the first step on', () => {
    for (const loss of smoothedLosses([0.4, 0.4, 0.4])) expect(loss).toBeCloseTo(0.4, 12);
  });
  it('in both directions have their minimum where the losses have it, without lag', () => {
    const valley = Array.from({ length: 81 }, (_, i) => Math.abs(i - 40));
    const least = (values: number[]) => values.indexOf(Math.min(...values));
    expect(least(smoothedBothWays(valley))).toBe(40);
    expect(least(smoothedLosses(valley))).toBeGreaterThan(44);
  });
  it('have diverged once they have risen by more than they fell, or are not finite, but not by noise on a flat loss', () => {
    const falling = Array.from({ length: 20 }, (_, i) => 1 - 0.04 * i);
    expect(hasDiverged(falling)).toBe(false);
    expect(hasDiverged([...falling, 0.9])).toBe(false);
    expect(hasDiverged([...falling, 1.01])).toBe(true);
    expect(hasDiverged([...falling, Number.NaN])).toBe(true);
    expect(hasDiverged(Array.from({ length: 30 }, (_, i) => 0.9 + 0.01 * (i % 2)))).toBe(false);
  });
});

describe('findLearningRate', { timeout: 120_000 }, () => {
  it('sweeps in equal logarithmic steps, creates no folder, and plots the result', async () => {
    const seen: number[] = [];
    const config = {
      ...{ data: join(folder, 'scans'), out: join(folder, 'none'), samples: 24, batch: 8, cropSize: 32, threads: 1 },
      ...{ contextSlices: 0, network: { depth: 2, wf: 2 }, ema: 0.9 },
    };
    const sweep = { from: 1e-4, to: 10, steps: 21 };
    const found = await findLearningRate(config, sweep, { onStep: (done) => seen.push(done) });
    expect(existsSync(join(folder, 'none'))).toBe(false);
    expect(seen).toEqual(Array.from({ length: found.rates.length }, (_, i) => i + 1));
    for (const [step, rate] of found.rates.entries()) expect(Math.log10(rate)).toBeCloseTo(-4 + step / 4, 9);
    expect(found.losses.every((loss) => loss > 0 && loss < 1)).toBe(true);
    expect(found.least).toBe(found.rates[found.smoothed.indexOf(Math.min(...found.smoothed))]);
    const fellToTheEnd = !found.diverged && found.rates.indexOf(found.least) >= found.rates.length - 10;
    expect(found.suggested).toBe(fellToTheEnd ? null : Number((found.least / 10).toPrecision(2)));
    const { svg } = new XMLParser({ ignoreAttributes: false }).parse(ratePlot(found));
    const [each, smoothed] = svg.polyline.map((line: { '@_points': string }) => line['@_points'].split(' '));
    expect([each.length, smoothed.length]).toEqual([found.rates.length, found.rates.length]);
    expect(JSON.stringify(svg.text)).toContain('lowest smoothed loss at');
  });

  it('rejects a sweep that does not rise', async () => {
    const config = { data: join(folder, 'scans'), out: join(folder, 'none') };
    await expect(findLearningRate(config, { from: 1, to: 0.1 })).rejects.toThrow(
      /found a sweep from 1 to 0\.1 in 120 steps, expected 0 < from < to/,
    );
  });
});
