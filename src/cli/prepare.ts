import { Command } from 'commander';
import { prepare, prepareOptionsSchema } from '../data/prepare.js';
import { openOutput } from './output.js';
import { parseOptions } from './parseOptions.js';
import { addSchemaOptions } from './schemaOptions.js';

export function prepareCommand(): Command {
  const command = new Command('prepare')
    .description('Make ground truth and put scans and truth into a store that training opens fast.')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr');
  const given = addSchemaOptions(command, prepareOptionsSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const options = parseOptions('prepare', prepareOptionsSchema, given());
    const output = openOutput(json);
    let nodules = 0;
    let kept = 0;
    const dataset = await prepare(options, (progress) => {
      nodules += progress.nodules;
      kept += progress.kept ? 1 : 0;
      output.event({ type: 'scan', ...progress });
      output.progress.show({ label: 'prepare', done: progress.done, total: progress.scans, unit: 'scans' });
    });
    if (dataset.missing > 0) output.print(`${dataset.missing} annotated series are not on disk and were left out.`);
    output.print(
      `${options.out}: ${dataset.scans.length} scans with ${nodules} nodules, ${kept} of them prepared before. ` +
        `Train with: npx nodule-train train --data ${options.out} --out RUN`,
    );
    output.event({
      type: 'end',
      status: 'finished',
      out: options.out,
      scans: dataset.scans.length,
      nodules,
      kept,
      missing: dataset.missing,
    });
  });
  return command;
}
