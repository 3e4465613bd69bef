import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFields } from '../../../dist/evaluate/report/configSection.js';
import { metricCurves } from '../../../dist/evaluate/report/curves.js';
import { extremes } from '../../../dist/evaluate/report/extremes.js';
import { lineChart } from '../../../dist/evaluate/report/lineChart.js';
import { reportPage } from '../../../dist/evaluate/report/reportPage.js';
import { newHistory, readRunHistory } from '../../../dist/evaluate/report/runHistory.js';
import { resolveTrainConfig, type TrainEvent } from '../../../dist/index.js';
import { ticks, tickText } from '../../../dist/train/index.js';
import { scratchFolder } from '../../support/scratch.js';

const event = (fields: object) => fields as TrainEvent;
const start = (step: number) => event({ type: 'start', step, trainScans: 3, validationScans: 2, parameters: 10 });
const epoch = (number: number, seconds: number) =>
  event({
    type: 'epoch',
    epoch: number,
    step: 4 * number,
    seconds,
    peakRssBytes: 1e9,
    metrics: { loss: { all: 1 / number } },
  });
const validation = (number: number, score: number, best: boolean) =>
  event({
    type: 'validation',
    epoch: number,
    step: 4 * number,
    seconds: 2,
    score,
    best,
    metrics: { loss: { all: 2 / number } },
    nodules: { nodules: 5, found: number, falsePerScan: 3, dice3d: 0.25 },
  });
const step = (number: number, rate: number) =>
  event({ type: 'step', step: number, epoch: Math.ceil(number / 4), loss: 1, rate });
const end = event({ type: 'end', status: 'finished' });
const historyOf = (...events: TrainEvent[]) => {
  const history = newHistory();
  for (const one of events) history.add(one);
  return history.read();
};

describe('ticks', () => {
  it.each([
    [0, 1, [0, 0.5, 1]],
    [0, 0.93, [0, 0.5, 1]],
    [0.31, 0.44, [0.3, 0.35, 0.4, 0.45]],
    [0, 0, [0, 0.5, 1]],
    [0, 217, [0, 100, 200, 300]],
    [0, 37_000, [0, 10_000, 20_000, 30_000, 40_000]],
  ])('from %f to %f are round', (low, high, expected) => expect(ticks(low, high)).toEqual(expected));

  it('have as many decimals as their steps need', () => {
    expect([0.3, 0.35].map((value, _, all) => tickText(value, all))).toEqual(['0.30', '0.35']);
    expect([0, 10_000].map((value, _, all) => tickText(value, all))).toEqual(['0', '10,000']);
    expect([0, 100].map((value, _, all) => tickText(value, all))).toEqual(['0', '100']);
  });

  it('are whole numbers for epochs', () => expect(ticks(1, 3, 6, 1)).toEqual([1, 2, 3]));
});

describe('a line chart', () => {
  const line = (name: string, ...ys: (number | null)[]) => ({ name, points: ys.map((y, n) => ({ x: n + 1, y })) });
  const chart = (...lines: ReturnType<typeof line>[]) =>
    lineChart({ title: 'Loss <&>', xLabel: 'epoch', yLabel: 'mean loss', lines }).text;

  it('has named axes, a legend, and the values as tooltips', () => {
    const text = chart(line('training', 1, 0.5), line('validation', 0.9, null));
    expect(text).toMatch(/>epoch<\/text>/);
    expect(text).toMatch(/>mean loss<\/text>/);
    expect(text.match(/<circle class="s\d" c/g)).toHaveLength(3 + 2);
    expect(text).toContain('epoch 2, training: 0.5');
    expect(text).toMatch(/class="legend">.*training.*validation/s);
    expect(text).toContain('Loss &#60;&#38;&#62;');
  });

  it('draws larger values higher and later ones farther right, within its frame', () => {
    const points = [...chart(line('a', 0, 3, 10)).matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      +x!,
      +y!,
    ]);
    expect(points).toHaveLength(3);
    for (const n of [1, 2]) {
      expect(points[n]![0]).toBeGreaterThan(points[n - 1]![0]!);
      expect(points[n]![1]).toBeLessThan(points[n - 1]![1]!);
    }
    for (const [x, y] of points) expect(x! >= 0 && x! <= 380 && y! >= 0 && y! <= 230).toBe(true);
  });

  it('accepts one epoch, and none', () => {
    expect(chart(line('a', 0.5))).not.toMatch(/NaN|Infinity/);
    expect(chart(line('a', null))).toContain('Nothing was recorded');
  });
});

describe("a run's history", () => {
  it('counts the second time of an epoch that was repeated', () => {
    const history = historyOf(
      ...[start(0), step(1, 10), step(2, 30), step(3, 20), step(4, 20), epoch(1, 5), validation(1, 0.1, true)],
      ...[step(5, 99), step(8, 99), epoch(2, 7), validation(2, 0.9, true)],
      // The last saved checkpoint was that of step 4.
      ...[start(4), step(5, 50), epoch(2, 6), validation(2, 0.2, true), end],
    );
    expect(history).toMatchObject({ resumes: 1, status: 'finished' });
    expect(
      history.epochs.map(({ training, validation: { score } = { score: 0 } as never, cropsPerSecond }) => [
        training?.seconds,
        score,
        cropsPerSecond,
      ]),
    ).toEqual([
      [5, 0.1, 20],
      [6, 0.2, 50],
    ]);
  });

  it('forgets an epoch after the checkpoint that the run resumed from', () => {
    const { epochs, status } = historyOf(start(0), epoch(1, 5), epoch(2, 5), validation(2, 0.5, true), start(4));
    expect(epochs.map((one) => one.epoch)).toEqual([1]);
    expect(status).toBe('not ended');
  });

  it('becomes curves of loss, score, Dice, found and false components', () => {
    const curves = metricCurves(historyOf(start(0), epoch(1, 5), validation(1, 0.1, true), epoch(2, 5)));
    expect(curves.map(({ yLabel, lines }) => [yLabel, ...lines.map(({ points }) => points.map(({ y }) => y))])).toEqual(
      [
        ['mean loss', [1, 0.5], [2, null]],
        ['score', [0.1, null]],
        ['mean Dice', [0.25, null]],
        ['nodules found', [1, null]],
        ['per scan', [3, null]],
      ],
    );
    expect(curves[0]!.mark).toEqual({ x: 1, name: 'best' });
  });

  describe('in a file', () => {
    const dir = scratchFolder('history');
    const file = async (text: string) => {
      await writeFile(path.join(dir, 'events.jsonl'), text);
      return readRunHistory(path.join(dir, 'events.jsonl'));
    };

    it('may end in a line truncated by a kill', async () => {
      const history = await file(`${JSON.stringify(start(0))}\n${JSON.stringify(epoch(1, 5))}\n{"type":"ep`);
      expect(history.epochs).toHaveLength(1);
    });
    it('is refused if it is damaged before the last line, with its number', async () => {
      await expect(file('{"type":"start","step":0}\nnonsense\n{"type":"end"}\n')).rejects.toMatchObject({
        code: 'run-events',
        message: expect.stringContaining('line 2 is not an event'),
      });
    });
    it('may not exist yet', async () => {
      expect(await readRunHistory(path.join(dir, 'none'))).toMatchObject({ epochs: [], start: null });
    });
  });
});

describe('the best and the worst', () => {
  it('have the highest and the lowest rank, and no other item is made', () => {
    const made: number[] = [];
    const kept = extremes<number>(2);
    for (const n of [1, 9, 2, 8, 5])
      kept.add([n], () => {
        made.push(n);
        return n;
      });
    expect(kept.read()).toEqual({ best: [9, 8], worst: [1, 2] });
    expect(made).toEqual([1, 9, 2, 8]);
  });

  it('never overlap, and ties are broken by the next number of the rank', () => {
    const kept = extremes<string>(6);
    kept.add([0, -20], () => 'large and missed');
    kept.add([0, -5], () => 'small and missed');
    kept.add([0.5, 7], () => 'seen');
    expect(kept.read()).toEqual({ best: ['seen', 'small and missed'], worst: ['large and missed'] });
  });
});

describe('the configuration of a report', () => {
  const config = resolveTrainConfig({
    data: 'patients/Jane Doe',
    out: 'run',
    epochs: 3,
    split: 'Jane-Doe-split.json',
    network: { depth: 4 },
    patientPattern: 'case-(\\d+)',
  });

  it('lists the fields that differ first, with default and description', () => {
    const fields = configFields(config);
    const differing = fields.filter(({ differs }) => differs);
    expect(fields.slice(0, differing.length)).toEqual(differing);
    expect(Object.fromEntries(differing.map(({ name, value, defaultValue }) => [name, [value, defaultValue]]))).toEqual(
      {
        epochs: ['3', '20'],
        split: ['PATH', '–'],
        patientPattern: ['case-(\\d+)', '–'],
        'network.depth': ['4', '3'],
      },
    );
    expect(differing.find(({ name }) => name === 'network.depth')!.description).toBe('levels of the U-Net');
    expect(fields.find(({ name }) => name === 'learningRate')).toMatchObject({ value: '0.001', differs: false });
  });

  it('shows no path', () => expect(JSON.stringify(configFields(config))).not.toContain('Doe'));
});

describe('the page of a report', () => {
  const config = resolveTrainConfig({ data: 'scans', out: 'run' });
  const contents = { config, heldOut: null, manifest: { versions: { node: '<script>' } }, scores: null };
  const page = reportPage({
    ...contents,
    name: '<img src=x onerror="alert(1)">',
    history: historyOf(start(0), epoch(1, 5), validation(1, 0.1, true), end),
    model: 'Best & "kept".',
    missing: 'no <scans>',
  });

  it('escapes text from files', () => {
    expect(page).not.toMatch(/<script|<img src=x|<scans>/);
    expect(page).toContain('&#60;img src=x onerror=&#34;alert(1)&#34;&#62;');
    expect(page).toContain('Best &#38; &#34;kept&#34;.');
  });

  it('gives the reason in place of each part that needs scans', () => {
    expect(page.match(/Not available: no &#60;scans&#62;/g)).toHaveLength(4);
    expect(page.match(/<section class="chart">/g)).toHaveLength(5 + 2);
  });

  it('shows what became of the labels, as the manifest records it', () => {
    const of = (labels: object | null) =>
      reportPage({
        ...{ ...contents, name: 'labels', history: historyOf(), model: '', missing: 'none' },
        manifest: labels === null ? {} : { labels },
      });
    const counts = {
      ...{ scans: 3, scansInAll: 3, annotated: 1186, onDisk: 1182, used: 1176, withoutAgreement: 0 },
      lost: { 'no-scan': 4, outside: 3, duplicate: 1, size: 0, 'no-voxel': 2 },
      images: { read: 0, other: 0, empty: 0 },
      likelyCause: { cause: 'swapped-xz', text: 'with x and z swapped', explained: 3 },
    };
    const page = of(counts)
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ');
    expect(page).toContain('annotated 1,186 on disk 1,182 of a series that is not on disk 4 outside the volume 3');
    expect(page).toContain('Read with x and z swapped, 3 of the 3 points outside the volume would be inside.');
    const whole = { ...counts, used: 1186, onDisk: 1186, lost: { ...counts.lost, 'no-scan': 0 }, likelyCause: null };
    expect(of(whole)).toContain('1,186 annotated, all used.');
    expect(of(null)).toContain('did not record what became of its labels');
  });

  it('works for a run that has only started', () => {
    const begun = reportPage({ ...contents, name: 'begun', history: historyOf(), model: '', missing: 'none' });
    expect(begun).toContain('No epoch is finished yet');
    expect(begun).not.toMatch(/NaN|undefined|Infinity/);
  });
});
