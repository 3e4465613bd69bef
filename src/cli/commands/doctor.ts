import { Command } from 'commander';
import { type Diagnosis, diagnose } from '../../runtime/index.js';
import { openOutput } from '../output.js';

const MARKS = { ok: 'ok     ', note: 'note   ', missing: 'MISSING' };
/** Column at which findings start: the width of mark and name with their gaps. */
const INDENT = 20;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Check what is installed and what is missing, and print the command that fixes it.')
    .option('--json', 'findings as one JSON line on stdout, everything else on stderr')
    .action(({ json = false }: { json?: boolean }) => {
      runDoctor(json);
    });
}

/** Prints the diagnosis and sets exit status 1 if training cannot run. */
export function runDoctor(json: boolean): Diagnosis {
  const output = openOutput(json);
  const diagnosis = diagnose();
  for (const { name, state, found, remedy } of diagnosis.checks) {
    output.print(output.wrap(`${MARKS[state]}  ${name.padEnd(9)}  ${found}`, INDENT));
    if (remedy !== null) output.print(`${' '.repeat(INDENT)}→ ${remedy}`);
  }
  output.print('');
  output.print('libtorch is searched for in this order:');
  for (const { source, root, usable, verdict } of diagnosis.candidates) {
    output.print(`  ${usable ? '+' : '-'} ${root}`);
    output.print(output.wrap(`    ${source}: ${verdict}`, 4));
  }
  output.print('');
  output.print(diagnosis.ready ? output.paint.green('Ready to train.') : 'Not ready: fix what is marked MISSING.');
  if (diagnosis.next !== null) output.print(`Next: ${diagnosis.next}`);
  output.event({ type: 'end', ...diagnosis });
  if (!diagnosis.ready) process.exitCode = 1;
  return diagnosis;
}
