import { existsSync, readFileSync } from 'node:fs';
import { fileHashSync, NoduleTrainError } from '../../runtime/index.js';
import type { TrainConfig } from '../config/schema.js';
import { moduleFile } from '../userModules/userModule.js';
import type { RunFolder } from './runFolder.js';

/** SHA-256 of the files besides the data that a run's results depend on, by the option that names each. */
export type InputFiles = Readonly<Record<string, string>>;

const MODULE_OPTIONS = ['lossModule', 'augmentModule', 'samplerModule'] as const;

function inputHash(option: string, path: string): string {
  if (existsSync(path)) return fileHashSync(path).sha256;
  throw new NoduleTrainError(
    'input-missing',
    `reading the file of \`${option}\`: there is no ${path}. Relative paths start at the working directory.`,
  );
}

/**
 * Hashes a run's input files: the initial model, the user's modules and the hard points. A resumed run must find them
 * unchanged, except for the initial model: its weights are in the checkpoint.
 *
 * @throws NoduleTrainError `input-missing`, `input-changed`, `user-module`
 */
export function inputFiles(config: TrainConfig, folder: RunFolder, hasCheckpoint: boolean): InputFiles {
  const before = recordedFiles(folder.manifest);
  const now: Record<string, string> = {};
  if (config.init !== undefined)
    now.init = hasCheckpoint && before.init !== undefined ? before.init : inputHash('init', config.init);
  for (const option of MODULE_OPTIONS) {
    const given = config[option];
    if (given !== undefined) now[option] = inputHash(option, moduleFile(option, given).path);
  }
  if (config.hardPoints !== undefined) now.hardPoints = inputHash('hardPoints', config.hardPoints);
  for (const [option, sum] of Object.entries(now))
    if (before[option] !== undefined && before[option] !== sum)
      throw new NoduleTrainError(
        'input-changed',
        `resuming ${folder.folder}: the file given as \`${option}\` (${config[option as keyof TrainConfig]}) ` +
          `has SHA-256 ${sum}, expected ${before[option]} as at the start of the run. ` +
          `Restore the old file, or start a new run from this one's weights with --init ${folder.last}.`,
      );
  return now;
}

function recordedFiles(manifest: string): InputFiles {
  if (!existsSync(manifest)) return {};
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { files?: InputFiles }).files ?? {};
  } catch {
    // A damaged manifest is rewritten; its hashes are lost.
    return {};
  }
}
