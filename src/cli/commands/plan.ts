import { Command } from 'commander';
import { NoduleTrainError } from '../../runtime/index.js';
import { type Plan, plan, planOptionsSchema } from '../../train/index.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';

export function planCommand(): Command {
  const command = new Command('plan')
    .description(
      'Say what data are like, and what preparing and training with them will want; exit 1 where it will not fit.',
    )
    .option(
      '--json',
      'events as JSON lines on stdout, everything else on stderr; the one of type plan holds the figures',
    );
  const given = addSchemaOptions(command, planOptionsSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const options = parseOptions('plan', planOptionsSchema, given());
    const output = openOutput(json);
    const result = await plan(options, (done, total) => {
      output.progress.show({ label: 'plan', done, total, unit: 'scans' });
    });
    output.progress.clear();
    for (const line of lines(result)) output.print(line);
    output.event({ type: 'plan', fits: result.faults.length === 0, ...result });
    if (result.faults.length > 0)
      throw new NoduleTrainError('plan-does-not-fit', `planning for ${options.data}: ${result.faults.join('. ')}.`);
    output.event({ type: 'end', status: 'finished' });
  });
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
  const { slices, rows, columns, spacing, diameterMm, values } = found;
  const range = ({ min, median, max }: { min: number; median: number; max: number }, digits = 0) =>
    `${min.toFixed(digits)} … ${median.toFixed(digits)} … ${max.toFixed(digits)}`;
  return [
    `${found.kind}: ${found.scans} scans${found.patients === null ? '' : ` of ${found.patients} patients`}, ${found.missing} annotated series missing; what follows is of ${found.sampled.length} of them (least … middle … most)`,
    `slices ${range(slices)}, rows ${range(rows)}, columns ${range(columns)}`,
    spacing === null
      ? 'spacing unknown'
      : `mm along x ${range(spacing[0], 2)}, y ${range(spacing[1], 2)}, z ${range(spacing[2], 2)}`,
    `values (${found.intensity}): 0.5 % below ${values[0].toFixed(0)}, half below ${values[1].toFixed(0)}, 99.5 % below ${values[2].toFixed(0)}`,
    `${found.nodules} nodules${diameterMm === null ? '' : `, ${range(diameterMm, 1)} mm`}, ${found.emptyNodules} without a voxel, ${found.slicesPerNodule.toFixed(1)} slices each; ${(100 * found.emptySlices).toFixed(0)} % of slices show none`,
    `prepare: about ${gb(prepare.disk)} of disk (${gb(free.disk)} free), ${gb(prepare.memory)} of memory (${gb(free.memory)} free), ${time(prepare.seconds)}`,
    `train: about ${gb(train.memory)} of memory, ${time(train.seconds)} on this CPU (${(1000 * secondsPerStep).toFixed(0)} ms a step)`,
  ];
}
