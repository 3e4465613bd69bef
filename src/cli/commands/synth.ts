import { Command } from 'commander';
import { phantomSetSchema, writePhantoms } from '../../phantom/index.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';

export function synthCommand(): Command {
  const command = new Command('synth')
    .description('Make phantom chest CT scans with nodules and their exact masks, in LUNA16 layout.')
    .argument('<dir>', 'folder to make')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr');
  const given = addSchemaOptions(command, phantomSetSchema);
  command.action(async (dir: string, { json = false }: { json?: boolean }) => {
    const options = parseOptions('synth', phantomSetSchema, given());
    const output = openOutput(json);
    await writePhantoms(dir, options, (done, total) => {
      output.event({ type: 'scan', done, scans: total });
      output.progress.show({ label: 'synth', done, total, unit: 'scans' });
    });
    output.print(`${dir}: ${options.count} phantoms. Train with: npx nodule-train train --data ${dir} --out RUN`);
    output.event({ type: 'end', status: 'finished', out: dir, scans: options.count });
  });
  return command;
}
