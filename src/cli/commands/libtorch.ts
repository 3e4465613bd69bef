import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import {
  chooseLibtorch,
  findLibtorch,
  gpuNames,
  installLibtorch,
  type Libtorch,
  licenseFiles,
  loadLoader,
  NoduleTrainError,
  probeCuda,
} from '../../runtime/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { openOutput } from '../output.js';

interface InstallFlags {
  cuda?: boolean;
  cpu?: boolean;
  from?: string;
  json?: boolean;
}

export function libtorchCommand(): Command {
  const command = new Command('libtorch').description('Find libtorch or install it into the cache.');
  command
    .command('path')
    .description('Print the folder of the libtorch in use.')
    .option('--licenses', 'print its licence texts instead')
    .option('--json', 'details as one JSON line; with --licenses the files of the licence texts')
    .action((flags: { licenses?: boolean; json?: boolean }) => {
      runLibtorchPath(flags);
    });
  command
    .command('install')
    .description(
      'Download libtorch (pinned by hash) into the cache. The default is CUDA if a GPU is usable, else the CPU.',
    )
    .option('--cuda', 'with CUDA: 2.5 GB to download, 3.8 GB on disk')
    .option('--cpu', 'for the CPU only: 544 MB to download, 0.5 GB on disk')
    .option('--from <folder>', 'install from a folder of wheels, without network and Python')
    .option('--json', JSON_HELP)
    .action(async (flags: InstallFlags) => {
      await runLibtorchInstall(flags);
    });
  return command;
}

/** Prints the folder of the libtorch in use, or its licence texts. */
export function runLibtorchPath({ licenses = false, json = false }: { licenses?: boolean; json?: boolean }): void {
  const found = chooseLibtorch();
  if (!licenses) {
    if (json) openOutput(json).event({ type: 'end', ...found });
    else process.stdout.write(`${found.root}\n`);
    return;
  }
  const files = licenseFiles(found);
  if (json) openOutput(json).event({ type: 'end', licenses: files });
  else for (const file of files) process.stdout.write(`==> ${file}\n\n${readFileSync(file, 'utf8').trimEnd()}\n\n`);
}

/**
 * Installs libtorch unless it is installed.
 * @throws NoduleTrainError `bad-use`, and the errors of `installLibtorch`
 */
export async function runLibtorchInstall({
  cuda = false,
  cpu = false,
  from,
  json = false,
}: InstallFlags): Promise<Libtorch> {
  if (cuda && cpu)
    throw new NoduleTrainError('bad-use', '`libtorch install`: --cuda and --cpu were both given, expected one of them');
  const output = openOutput(json);
  const probe = cuda || cpu ? null : probeCuda(loadLoader());
  const kind = cuda || probe?.reason === null ? 'cuda' : 'cpu';
  if (probe !== null && probe.reason !== null && probe.devices > 0)
    output.print(
      `The GPU ${gpuNames(probe.gpus)} cannot be used, so libtorch for the CPU is installed: ${probe.reason}`,
    );
  try {
    const found = await installLibtorch({
      kind,
      from: from ?? null,
      onProgress: ({ phase, done, total, holder }) => {
        output.event({ type: 'progress', phase, done, total, holder });
        if (holder !== undefined) output.print(`waiting for ${holder}, which is installing libtorch`);
        else
          output.progress.show({ label: `libtorch (${kind}), ${phase}`, done: mb(done), total: mb(total), note: 'MB' });
      },
    });
    output.print(`libtorch ${found.version} for ${kind === 'cuda' ? 'CUDA' : 'the CPU'} is installed in ${found.root}`);
    const used = findLibtorch({ preferCuda: found.cuda });
    if (used.root !== found.root)
      output.print(
        `Another libtorch comes before it and is used: ${used.root} (${used.source}). ` +
          `To use the new one: export LIBTORCH='${found.root}'`,
      );
    output.event({ type: 'end', ...found });
    return found;
  } finally {
    output.progress.clear();
  }
}

const mb = (bytes: number): number => Math.round(bytes / 1e6);
