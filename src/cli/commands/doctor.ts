import { Command } from 'commander';
import { type Diagnosis, diagnose } from '../../runtime/index.js';
import { openOutput } from '../output.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Say what is installed, what is missing, and the command that mends it.')
    .option('--json', 'the findings as one JSON line on stdout')
    .action(({ json = false }: { json?: boolean }) => {
      runDoctor(json);
    });
}

/** Prints the diagnosis; exit status 1 where training cannot run. */
export function runDoctor(json: boolean): Diagnosis {
  const output = openOutput(json);
  const diagnosis = diagnose();
  const marks = { ok: 'ok     ', note: 'note   ', missing: 'MISSING' };
  for (const { name, state, found, remedy } of diagnosis.checks) {
    output.print(`${marks[state]}  ${name.padEnd(10)} ${found}`);
    if (remedy !== null) output.print(`${' '.repeat(20)}→ ${remedy}`);
  }
  output.print('libtorch is looked for in this order:');
  for (const { source, root, usable, verdict } of diagnosis.candidates)
    output.print(`${usable ? '  +' : '  -'} ${root} (${source}): ${verdict}`);
  output.print(diagnosis.ready ? 'Ready to train.' : 'Not ready: mend what is marked MISSING.');
  if (diagnosis.next !== null) output.print(`Next: ${diagnosis.next}`);
  output.event({ type: 'end', ...diagnosis });
  if (!diagnosis.ready) process.exitCode = 1;
  return diagnosis;
}
