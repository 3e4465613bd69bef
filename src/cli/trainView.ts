import { upperMedian } from '../ct/index.js';
import type { EpochRecord, RunHistory } from '../evaluate/index.js';
import { shellWord } from '../runtime/index.js';
import { type EpochEvent, runFolder, type TrainEvent, type ValidationEvent } from '../train/index.js';
import { labelLines } from './labelLines.js';
import type { Output } from './output.js';
import { clock } from './progress.js';
import { createTable, figure, labelled, plural } from './text.js';
import { timeLeft } from './timeLeft.js';

const rateText = (rate: number | null) => figure(rate, rate !== null && rate < 10 ? 1 : 0);

/** Columns of an epoch's line, the most important first: a narrow terminal has fewer. */
const COLUMNS = ['epoch', 'loss', 'val. loss', 'score', 'found', 'Dice', 'false/scan', 'crops/s', 'time'] as const;
const WIDTHS = [9, 6, 9, 10, 8, 6, 10, 7, 8];

/** Formats as many whole columns as fit on one line. */
export function epochLine(cells: readonly string[], width: number): string {
  let line = '';
  for (const [n, cell] of cells.entries()) {
    const next = `${line}${n === 0 ? '' : '  '}${cell.padEnd(WIDTHS[n] as number)}`;
    if (next.trimEnd().length > width) break;
    line = next;
  }
  return line.trimEnd();
}

/** Shows the events of a run: a live progress line, and one line that stays for each epoch. */
export function trainView(output: Output): (event: TrainEvent) => void {
  const { bold, dim, green } = output.paint;
  const estimate = timeLeft();
  let epochs = 0;
  let stepsPerEpoch = 1;
  let score = '';
  let rates: number[] = [];
  let headed = false;
  let ended: EpochEvent | null = null;
  const flush = (validation: ValidationEvent | null) => {
    if (ended === null) return;
    const { epoch, metrics, seconds } = ended;
    const nodules = validation?.nodules;
    const cells = [
      `${epoch}/${epochs}`,
      figure(metrics.loss.all),
      figure(validation?.metrics.loss.all),
      `${figure(validation?.score)}${validation?.best ? ' best' : ''}`,
      nodules === undefined ? '–' : `${nodules.found}/${nodules.nodules}`,
      figure(nodules?.dice3d),
      figure(nodules?.falsePerScan, 1),
      rateText(upperMedian(Float64Array.from(rates))),
      clock(seconds + (validation?.seconds ?? 0)),
    ];
    if (!headed) output.print(dim(epochLine(COLUMNS, output.width())));
    headed = true;
    const line = epochLine(cells, output.width());
    output.print(validation?.best ? bold(line) : line);
    if (validation !== null) score = `  score ${figure(validation.score)}`;
    [ended, rates] = [null, []];
  };
  return (event) => {
    const left = estimate(event);
    const secondsLeft = left === null ? {} : { secondsLeft: left.seconds, atLeast: !left.whole };
    switch (event.type) {
      case 'start':
        ({ epochs, stepsPerEpoch } = event);
        output.print(
          `${event.step > 0 ? `Resuming after step ${event.step} of` : 'Training'} ${bold(event.run)}: ` +
            `${plural(event.trainScans, 'training scan')}, ${plural(event.validationScans, 'validation scan')}, ` +
            `${event.parameters.toLocaleString('en')} parameters, ${event.device}, ${plural(event.threads, 'thread')}`,
        );
        break;
      case 'step':
        flush(null);
        rates.push(event.rate);
        output.progress.show({
          label: `epoch ${event.epoch}/${epochs}`,
          done: event.step - (event.epoch - 1) * stepsPerEpoch,
          total: stepsPerEpoch,
          rate: event.rate,
          unit: 'crops',
          ...secondsLeft,
          note: `loss ${event.loss.toFixed(3)}${score}`,
        });
        break;
      case 'epoch':
        ended = event;
        break;
      case 'validation-progress':
        output.progress.show({
          label: `epoch ${event.epoch}/${epochs} validation`,
          done: (event.scan - 1) * event.of + event.slices,
          total: event.scans * event.of,
          unit: 'slices',
          ...secondsLeft,
        });
        break;
      case 'validation':
        flush(event);
        break;
      case 'checkpoint':
        if (event.kind === 'last') flush(null);
        break;
      case 'note':
        output.print(event.text);
        break;
      case 'labels':
        for (const line of labelLines(event)) output.print(line);
        break;
      case 'end':
        flush(null);
        if (event.status === 'stopped')
          output.print(
            `Stopped at step ${event.step}. Resume with: npx nodule-train train --resume ${shellWord(event.run)}`,
          );
        else
          output.print(
            green(`Finished after ${plural(event.epoch, 'epoch')} and ${event.step.toLocaleString('en')} steps.`),
          );
        break;
      default:
        event satisfies never;
    }
  };
}

/** Summarizes a finished run: first, best and last epoch, time, the model to use and the next command. */
export function runSummary(
  { epochs }: RunHistory,
  { run, bestEpoch }: Extract<TrainEvent, { type: 'end' }>,
  width: number,
): string[] {
  const named = new Map<EpochRecord, string[]>();
  const name = (record: EpochRecord | undefined, as: string) => {
    if (record !== undefined) named.set(record, [...(named.get(record) ?? []), as]);
  };
  name(epochs[0], 'first');
  name(
    epochs.find(({ epoch }) => epoch === bestEpoch),
    'best',
  );
  name(epochs.at(-1), 'last');
  // A narrow terminal has fewer columns, the least important last.
  const heads = ['', 'epoch', 'score', 'loss', 'val. loss', 'found', 'Dice', 'false/scan'];
  const rows = [...named]
    .sort(([a], [b]) => a.epoch - b.epoch)
    .map(([{ epoch, training, validation }, as]) => [
      as.join(', '),
      String(epoch),
      figure(validation?.score),
      figure(training?.metrics.loss.all),
      figure(validation?.metrics.loss.all),
      validation ? `${validation.nodules.found}/${validation.nodules.nodules}` : '–',
      figure(validation?.nodules.dice3d),
      figure(validation?.nodules.falsePerScan, 1),
    ]);
  const widest = (n: number) => Math.max(...[heads, ...rows].map((row) => (row[n] as string).length));
  let shown = 0;
  for (let used = 1; shown < heads.length && used + widest(shown) + 3 <= width; shown++) used += widest(shown) + 3;
  const table = createTable(heads.slice(0, shown));
  for (const row of rows) table.push(row.slice(0, shown));
  const seconds = epochs.reduce((sum, { training, validation }) => {
    return sum + (training?.seconds ?? 0) + (validation?.seconds ?? 0);
  }, 0);
  const { best, last } = runFolder(run);
  return [
    ...(rows.length === 0 ? [] : table.toString().split('\n')),
    labelled('Time', clock(seconds)),
    labelled(
      'Model',
      bestEpoch === null
        ? `${last}  (the last epoch, because no validation scored above 0)`
        : `${best}  (epoch ${bestEpoch})`,
    ),
    labelled('Next', `npx nodule-train report ${shellWord(run)}`),
  ];
}
