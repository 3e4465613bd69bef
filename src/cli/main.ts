#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { PACKAGE_VERSION } from '../runtime/index.js';
import { commands } from './commands.js';
import { failWith } from './failWith.js';

/** Loads only the called command, so that help is fast and works without libtorch. */
async function main(args: string[]): Promise<void> {
  const program = new Command('nodule-train')
    .description('Train a U-Net to find nodules in lung CT, and score and report what it finds.')
    .version(PACKAGE_VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const called = args.find((arg) => !arg.startsWith('-'));
  const loaded = called === 'help' ? args[args.indexOf('help') + 1] : called;
  for (const { name, summary, load } of commands) {
    const command = name === loaded ? await load() : new Command(name).description(summary);
    // A subcommand copies these settings when it is created, so one created elsewhere must be set here.
    for (const each of [command, ...command.commands]) each.exitOverride().configureOutput({ outputError: () => {} });
    program.addCommand(command);
  }
  if (args.length === 0) program.outputHelp();
  // Commander would print the general help, as if the command existed.
  else if (isUnknown(loaded)) await program.parseAsync([loaded as string], { from: 'user' });
  else await program.parseAsync(args, { from: 'user' });
}

const isUnknown = (name: string | undefined): boolean =>
  name !== undefined && name !== 'help' && !commands.some((command) => command.name === name);

// A reader that closes early (`| head`) is not an error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0;
  else failWith(error, process.argv.includes('--json'));
}
