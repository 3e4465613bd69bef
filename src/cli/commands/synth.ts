import { Command } from 'commander';
import { z } from 'zod';
import { insertIntoScans, insertSetSchema, phantomSetSchema, writePhantoms } from '../../phantom/index.js';
import { NoduleTrainError, shellWord } from '../../runtime/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions, optionName } from '../schemaOptions.js';
import { labelled, plural } from '../text.js';

/** All options of both; where they share one, its help is that of the phantoms. */
const synthSchema = z.object({ ...insertSetSchema.shape, ...phantomSetSchema.shape });

export function synthCommand(): Command {
  const command = new Command('synth')
    .description(
      'Make synthetic chest CT scans (phantoms) with nodules and their exact masks, or insert nodules into real ' +
        'scans, in LUNA16 layout.',
    )
    .argument('<dir>', 'folder to create')
    .option(
      '--into <scan>',
      'scan to insert nodules into (DICOM folder, MetaImage, NIfTI, NRRD); repeat for several scans',
      (scan: string, scans: string[] = []) => [...scans, scan],
    )
    .option('--json', JSON_HELP);
  const given = addSchemaOptions(command, synthSchema);
  command.action(async (dir: string, { json = false, into }: { json?: boolean; into?: string[] }) => {
    const output = openOutput(json);
    const onProgress = (done: number, total: number) => {
      output.event({ type: 'scan', done, scans: total });
      output.progress.show({ label: 'synth', done, total, unit: 'scans' });
    };
    if (into === undefined) {
      refuse(given(), phantomSetSchema, 'needs --into SCAN');
      const options = parseOptions('synth', phantomSetSchema, given());
      await writePhantoms(dir, options, onProgress);
      output.print(labelled('Phantoms', `${dir}  (${plural(options.count, 'scan')})`));
      output.print(labelled('Next', `npx nodule-train train --data ${shellWord(dir)} --out RUN`));
      output.event({ type: 'end', status: 'finished', out: dir, scans: options.count });
      return;
    }
    refuse(given(), insertSetSchema, 'does not go with --into: the scan has its own');
    const options = parseOptions('synth', insertSetSchema, given());
    const { notes, ...made } = await insertIntoScans(dir, into, options, onProgress);
    output.progress.clear();
    for (const note of notes) output.print(`Note: ${note}`);
    if (made.nodules < made.requested)
      output.print(`Note: found places for ${made.nodules} of ${made.requested} nodules.`);
    output.print(labelled('Inserted', `${dir}  (${plural(made.nodules, 'nodule')} in ${plural(made.scans, 'scan')})`));
    output.print(labelled('Next', `npx nodule-train evaluate --data ${shellWord(dir)} --model default`));
    output.event({ type: 'end', status: 'finished', out: dir, ...made });
  });
  return command;
}

/**
 * Refuses options of the other way to use `synth`.
 * @throws NoduleTrainError `bad-use`
 */
function refuse(given: Record<string, unknown>, schema: z.ZodObject, why: string): void {
  const other = Object.keys(given).find((name) => !(name in schema.shape));
  if (other !== undefined) throw new NoduleTrainError('bad-use', `\`synth\`: ${optionName([other])} ${why}`);
}
