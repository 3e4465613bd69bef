import Table from 'cli-table3';
import type { EpochRecord, RunHistory } from '../evaluate/index.js';
import { type EpochEvent, runFolder, type TrainEvent, type ValidationEvent } from '../train/index.js';
import type { Output } from './output.js';
import { clock } from './progress.js';
import { timeLeft } from './timeLeft.js';

const figure = (value: number | null | undefined, digits = 3) =>
  value === null || value === undefined ? '–' : value.toFixed(digits);

const pace = (rate: number | undefined) => figure(rate, rate !== undefined && rate < 10 ? 1 : 0);

/** Columns of the line that stays of each epoch, the most wanted first: a narrow terminal has fewer. */
const columns = ['epoch', 'loss', '(val.)', 'score', 'found', 'Dice', 'false/scan', 'crops/s', 'time'] as const;
const widths = [9, 6, 6, 10, 8, 6, 10, 7, 8];

/** One line of as many whole columns as fit. */
export function epochLine(cells: readonly string[], width: number): string {
  let line = '';
  for (const [n, cell] of cells.entries()) {
    const next = `${line}${n === 0 ? '' : '  '}${cell.padEnd(widths[n] as number)}`;
    if (next.trimEnd().length > width) break;
    line = next;
  }
  return line.trimEnd();
}

/** Shows the events of a run to people: one live line an epoch, of which one line stays. */
export function trainView(output: Output): (event: TrainEvent) => void {
  const { bold, dim, green } = output.paint;
  const judge = timeLeft();
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
      pace(rates.sort((a, b) => a - b)[rates.length >> 1]),
      clock(seconds + (validation?.seconds ?? 0)),
    ];
    if (!headed) output.print(dim(epochLine(columns, output.width())));
    headed = true;
    const line = epochLine(cells, output.width());
    output.print(validation?.best ? bold(line) : line);
    if (validation !== null) score = `  score ${figure(validation.score)}`;
    [ended, rates] = [null, []];
  };
  return (event) => {
    const left = judge(event);
    const secondsLeft = left === null ? {} : { secondsLeft: left.seconds, atLeast: !left.whole };
    switch (event.type) {
      case 'start':
        ({ epochs, stepsPerEpoch } = event);
        output.print(
          `${event.step > 0 ? `Going on after step ${event.step} of` : 'Training'} ${bold(event.run)}: ` +
            `${event.trainScans} scans to train and ${event.validationScans} to validate on, ` +
            `${event.parameters.toLocaleString('en')} parameters, ${event.device}, ${event.threads} threads`,
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
      case 'end':
        flush(null);
        if (event.status === 'stopped')
          output.print(`Stopped at step ${event.step}. Go on with: npx nodule-train train --resume ${event.run}`);
        else output.print(green(`Finished after ${event.epoch} epochs and ${event.step.toLocaleString('en')} steps.`));
        break;
      default:
        event satisfies never;
    }
  };
}

/** What stays of a finished run: its first, best and last epoch, its time, where the best model is and what to do next. */
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
  // As wide as the terminal lets it be: the last columns are wanted least.
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
  const table = new Table({ head: heads.slice(0, shown), style: { head: [], border: [] } });
  for (const row of rows) table.push(row.slice(0, shown));
  const seconds = epochs.reduce((sum, { training, validation }) => {
    return sum + (training?.seconds ?? 0) + (validation?.seconds ?? 0);
  }, 0);
  const { best, last } = runFolder(run);
  return [
    ...(rows.length === 0 ? [] : table.toString().split('\n')),
    `Time  ${clock(seconds)}`,
    bestEpoch === null
      ? `Model  ${last}  (no validation scored above 0, so none is the best)`
      : `Model  ${best}  (epoch ${bestEpoch})`,
    `Next   npx nodule-train report ${run}`,
  ];
}
