import { Command } from 'commander';
import { labelsEvent, refuseImpossibleLoss } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { type Plan, plan, planOptionsSchema } from '../../train/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { labelLines, lostLabelsList } from '../labelLines.js';
import { groupOptions } from '../optionGroups.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { createTable, labelled, plural } from '../text.js';

export function planCommand(): Command {
  const command = new Command('plan')
    .description(
      'Describe a dataset and estimate the disk, memory and time to prepare it and train on it. ' +
        'The exit status is 1 if it will not fit.',
    )
    .option('--json', `${JSON_HELP}; the one of type plan has the figures`);
  const given = addSchemaOptions(command, planOptionsSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const options = parseOptions('plan', planOptionsSchema, given());
    const output = openOutput(json);
    const result = await plan(options, (done, total) => {
      output.progress.show({ label: 'plan', done, total, unit: 'scans' });
    });
    output.progress.clear();
    for (const line of lines(result)) output.print(line);
    const { labels, ...figures } = result;
    const list = lostLabelsList(options.lostLabelsCsv, options.data);
    const account = labelsEvent(labels, list);
    output.event(account);
    for (const line of labelLines(account)) output.print(line);
    for (const note of result.notes) output.print(`Note: ${note}`);
    output.event({ type: 'plan', fits: result.faults.length === 0, ...figures });
    if (!options.allowLostLabels) refuseImpossibleLoss(`planning for ${options.data}`, labels, list);
    if (result.faults.length > 0)
      throw new NoduleTrainError('plan-does-not-fit', `planning for ${options.data}: ${result.faults.join('. ')}.`);
    output.event({ type: 'end', status: 'finished' });
  });
  groupOptions(command);
  return command;
}

const gb = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`;
const time = (seconds: number): string =>
  seconds < 90
    ? `${seconds.toFixed(0)} s`
    : seconds < 5400
      ? `${(seconds / 60).toFixed(0)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

function lines({ fingerprint: found, free, prepare, train, secondsPerStep }: Plan): string[] {
  const { spacing, diameterMm, values } = found;
  const patients = found.patients === null ? '' : ` of ${plural(found.patients, 'patient')}`;
  const table = createTable([`of ${plural(found.sampled.length, 'scan')}`, 'minimum', 'median', 'maximum']);
  const row = (name: string, { min, median, max }: { min: number; median: number; max: number }, digits = 0) =>
    table.push([name, min.toFixed(digits), median.toFixed(digits), max.toFixed(digits)]);
  row('slices', found.slices);
  row('rows', found.rows);
  row('columns', found.columns);
  if (spacing !== null) for (const [n, axis] of ['x', 'y', 'z'].entries()) row(`${axis} spacing, mm`, spacing[n]!, 2);
  if (diameterMm !== null) row('nodule diameter, mm', diameterMm, 1);
  const percentiles = ['0.5 %', '50 %', '99.5 %'].map((name, n) => `${name} ${values[n]!.toFixed(0)}`);
  return [
    labelled('Dataset', `${found.kind}, ${plural(found.scans, 'scan')}${patients}`),
    ...(found.missing === 0 ? [] : [labelled('', `${found.missing} annotated series have no scan`)]),
    table.toString(),
    ...(spacing === null ? [labelled('Spacing', 'unknown')] : []),
    labelled('Values', `${found.intensity}, percentiles: ${percentiles.join(', ')}`),
    labelled(
      'Nodules',
      `${found.nodules} (${found.emptyNodules} without agreement), ${found.slicesPerNodule.toFixed(1)} slices each; ` +
        `${(100 * found.emptySlices).toFixed(0)} % of slices have none`,
    ),
    labelled(
      'prepare',
      `about ${gb(prepare.disk)} of disk (${gb(free.disk)} free), ${gb(prepare.memory)} of memory ` +
        `(${gb(free.memory)} free), ${time(prepare.seconds)}`,
    ),
    labelled(
      'train',
      `about ${gb(train.memory)} of memory, ${time(train.seconds)} on this CPU ` +
        `(${(1000 * secondsPerStep).toFixed(0)} ms per step)`,
    ),
  ];
}
