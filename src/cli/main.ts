#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { commands } from './commands.js';
import { failWith } from './failWith.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Loads only the command that is called, so that help is fast and works where libtorch is missing. */
async function main(args: string[]): Promise<void> {
  const program = new Command('nodule-train')
    .description('Train a U-Net on lung CT and find, score and show nodules.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const called = args.find((arg) => !arg.startsWith('-'));
  const wanted = called === 'help' ? args[args.indexOf('help') + 1] : called;
  for (const { name, summary, load } of commands) {
    const command = name === wanted ? await load() : new Command(name).description(summary);
    // What a sub-command inherits is copied at its making, so a command made elsewhere is told here.
    for (const each of [command, ...command.commands]) each.exitOverride().configureOutput({ outputError: () => {} });
    program.addCommand(command);
  }
  if (args.length === 0) program.outputHelp();
  else await program.parseAsync(args, { from: 'user' });
}

// A reader that closes early (`| head`) is no failure of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0;
  else failWith(error, process.argv.includes('--json'));
}
