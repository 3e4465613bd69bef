import { describe, expect, it } from 'vitest';
import type { Output } from '../../../dist/cli/output.js';
import { type Progress, progressLine } from '../../../dist/cli/progress.js';
import { timeLeft } from '../../../dist/cli/timeLeft.js';
import { epochLine, runSummary, trainView } from '../../../dist/cli/trainView.js';
import { newHistory } from '../../../dist/evaluate/report/runHistory.js';
import type { TrainEvent } from '../../../dist/train/events.js';

const metrics = (loss: number) => ({
  loss: { all: loss, positive: loss, negative: null },
  precision: 0.5,
  recall: 0.5,
  f1: 0.5,
  painted: 0.01,
  percent: { truePositive: 50, falseNegative: 50, falsePositive: 50 },
});
const nodules = { nodules: 7, found: 5, dice3d: 0.61, falsePerScan: 1.25 };
const end = (over: object = {}) =>
  ({
    type: 'end',
    status: 'finished',
    run: 'runs/a',
    step: 6,
    epoch: 3,
    bestScore: 0.6,
    bestEpoch: 2,
    ...over,
  }) as const;

/** Three epochs of two steps; the first and the third are validated. */
const run = (validated: readonly number[] = [1, 2, 3]): TrainEvent[] => [
  {
    ...{ type: 'start', run: 'runs/a', device: 'cpu', threads: 1, parameters: 1000, epochs: 3, stepsPerEpoch: 2 },
    ...{ validateEvery: validated.length === 3 ? 1 : 3, trainScans: 9, validationScans: 1, step: 0 },
  } as TrainEvent,
  ...[1, 2, 3].flatMap((epoch): TrainEvent[] => {
    const step = 2 * epoch;
    const due = validated.includes(epoch);
    const progress = { type: 'validation-progress', epoch, scan: 1, scans: 1, of: 8 } as const;
    const best = due && epoch < 3;
    return [
      { type: 'step', step: step - 1, epoch, loss: 0.9, rate: 30 },
      { type: 'step', step, epoch, loss: 0.8, rate: 34 },
      { type: 'checkpoint', kind: 'last', path: 'last', step, epoch },
      ...(due
        ? [
            { ...progress, slices: 4 },
            { ...progress, slices: 8 },
          ]
        : []),
      { type: 'epoch', epoch, step, seconds: 60, peakRssBytes: null, skipped: 0, metrics: metrics(0.8) },
      ...(best ? [{ type: 'checkpoint', kind: 'best', path: 'best', step, epoch } as const] : []),
      ...(due
        ? [
            {
              type: 'validation',
              epoch,
              step,
              seconds: 5,
              metrics: metrics(0.85),
              nodules,
              score: 0.3 * epoch,
              best,
            } as never,
          ]
        : []),
      { type: 'checkpoint', kind: 'last', path: 'last', step, epoch },
    ];
  }),
  end(),
];

const show = (events: readonly TrainEvent[], width = 100) => {
  const lines: string[] = [];
  const live: Progress[] = [];
  const same = (text: unknown) => String(text);
  const output = {
    print: (line: string) => lines.push(line),
    progress: { show: (progress: Progress) => live.push(progress) },
    paint: { bold: same, dim: same, green: same },
    width: () => width,
  } as never as Output;
  const view = trainView(output);
  for (const event of events) view(event);
  return { lines, live };
};

describe('trainView', () => {
  it('prints one line for each epoch, below the column names', () => {
    const { lines } = show(run());
    expect(lines.slice(1, 5)).toEqual([
      'epoch      loss    val. loss  score       found     Dice    false/scan  crops/s  time',
      '1/3        0.800   0.850      0.300 best  5/7       0.610   1.3         34       1:05',
      '2/3        0.800   0.850      0.600 best  5/7       0.610   1.3         34       1:05',
      '3/3        0.800   0.850      0.900       5/7       0.610   1.3         34       1:05',
    ]);
    expect(lines.at(-1)).toBe('Finished after 3 epochs and 6 steps.');
  });

  it('prints one line for an epoch without validation too', () => {
    const { lines } = show(run([1, 3]));
    expect(lines).toHaveLength(6);
    expect(lines[3]).toBe('2/3        0.800   –          –           –         –       –           34       1:00');
  });

  it('shows loss and last score in the progress line', () => {
    const notes = show(run()).live.map(({ note }) => note);
    expect(notes[0]).toBe('loss 0.900');
    expect(notes).toContain('loss 0.900  score 0.300');
  });

  it('drops whole columns on a narrow terminal', () => {
    const { lines } = show(run(), 59);
    expect(lines[2]).toBe('1/3        0.800   0.850      0.300 best  5/7       0.610');
    expect(epochLine(['1/3', '0.800'], 10)).toBe('1/3');
  });
});

describe('runSummary', () => {
  const history = (() => {
    const collected = newHistory();
    for (const event of run()) collected.add(event);
    return collected.read();
  })();

  it('has first, best and last epoch, the time, the best model and the next command', () => {
    const text = runSummary(history, end(), 100).join('\n');
    expect(text).toMatch(/first +│ 1 /);
    expect(text).toMatch(/best +│ 2 +│ 0\.600 /);
    expect(text).toMatch(/last +│ 3 /);
    expect(text).toContain('Time       3:15');
    expect(text).toContain('Model      runs/a/checkpoints/best.safetensors  (epoch 2)');
    expect(text).toContain('Next       npx nodule-train report runs/a');
  });

  it('lists an epoch that is more than one of them once', () => {
    expect(runSummary(history, end({ bestEpoch: 3 }), 100).join('\n')).toMatch(/best, last +│ 3 /);
  });

  it('has a table no wider than the terminal', () => {
    for (const width of [40, 59, 100])
      for (const line of runSummary(history, end(), width).filter((one) => /[│─]/.test(one)))
        expect(line.length).toBeLessThanOrEqual(width);
  });

  it('names the last model if no epoch scored above 0', () => {
    expect(runSummary(history, end({ bestEpoch: null }), 100).join('\n')).toContain(
      'last.safetensors  (the last epoch, because no validation scored above 0)',
    );
  });
});

describe('timeLeft', () => {
  /** Steps take 10 s, validations 4 s in two halves. */
  const estimates = (events: readonly TrainEvent[]) => {
    let now = 0;
    const estimate = timeLeft(() => now);
    return events.map((event) => {
      if (event.type === 'step') now += 10;
      if (event.type === 'validation-progress') now += 2;
      const seconds = event.type === 'validation' ? { seconds: 4 } : {};
      return { type: event.type, left: estimate({ ...event, ...seconds } as TrainEvent) };
    });
  };
  const of = (type: string, events = run()) =>
    estimates(events).flatMap((one) => (one.type === type ? [one.left] : []));

  it('covers the whole run, with validations once one was seen', () => {
    expect(of('step')).toEqual([
      { seconds: 50, whole: false },
      { seconds: 40, whole: false },
      { seconds: 30 + 8, whole: true },
      { seconds: 20 + 8, whole: true },
      { seconds: 10 + 4, whole: true },
      { seconds: 4, whole: true },
    ]);
    expect(of('end')).toEqual([{ seconds: 0, whole: true }]);
  });

  it('estimates a validation from its progress', () => {
    expect(of('validation-progress').slice(0, 2)).toEqual([
      { seconds: 40 + 10, whole: true },
      { seconds: 40 + 8, whole: true },
    ]);
  });

  it('counts only the validations to come', () => {
    expect(of('step', run([1, 3])).slice(2, 4)).toEqual([
      { seconds: 30 + 4, whole: true },
      { seconds: 20 + 4, whole: true },
    ]);
  });
});

describe('progressLine on a narrow terminal', () => {
  const progress = { label: 'epoch 12/20', done: 100, total: 256, rate: 61, unit: 'crops', secondsLeft: 754 };
  const note = 'loss 0.412  score 0.613';

  it('keeps loss, score and time left, and drops the bar, then the count, then the rate', () => {
    const at = (width: number) => progressLine({ ...progress, note }, 10, width, 24);
    expect(at(99)).toMatch(
      /^epoch 12\/20 {2}[█░]{24} {2}100\/256 {2}61 crops\/s {2}12:34 left {2}loss 0.412 {2}score 0.613$/,
    );
    expect(at(79)).toMatch(/^epoch 12\/20 {2}[█░]{4,8} {2}100\/256/);
    expect(at(64)).toBe('epoch 12/20  61 crops/s  12:34 left  loss 0.412  score 0.613');
    expect(at(59)).toBe('epoch 12/20  12:34 left  loss 0.412  score 0.613');
  });

  it('marks a time left that is a lower bound', () => {
    expect(progressLine({ ...progress, atLeast: true }, 10, 99, 0)).toContain('over 12:34 left');
  });
});
