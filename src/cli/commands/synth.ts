import { Command } from 'commander';
import { phantomSetSchema, writePhantoms } from '../../phantom/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { labelled, plural } from '../text.js';

export function synthCommand(): Command {
  const command = new Command('synth')
    .description('Make synthetic chest CT scans (phantoms) with nodules and their exact masks, in LUNA16 layout.')
    .argument('<dir>', 'folder to create')
    .option('--json', JSON_HELP);
  const given = addSchemaOptions(command, phantomSetSchema);
  command.action(async (dir: string, { json = false }: { json?: boolean }) => {
    const options = parseOptions('synth', phantomSetSchema, given());
    const output = openOutput(json);
    await writePhantoms(dir, options, (done, total) => {
      output.event({ type: 'scan', done, scans: total });
      output.progress.show({ label: 'synth', done, total, unit: 'scans' });
    });
    output.print(labelled('Phantoms', `${dir}  (${plural(options.count, 'scan')})`));
    output.print(labelled('Next', `npx nodule-train train --data ${dir} --out RUN`));
    output.event({ type: 'end', status: 'finished', out: dir, scans: options.count });
  });
  return command;
}
