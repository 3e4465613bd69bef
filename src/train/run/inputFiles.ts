import { existsSync, readFileSync } from 'node:fs';
import { fileHashSync, NoduleTrainError } from '../../runtime/index.js';
import type { TrainConfig } from '../config/schema.js';
import { moduleFile } from '../userModules/userModule.js';
import type { RunFolder } from './runFolder.js';

/** SHA-256 of the files beside the data that a run's bits depend on, by the option that names each. */
export type InputFiles = Readonly<Record<string, string>>;

const moduleOptions = ['lossModule', 'augmentModule', 'samplerModule'] as const;

function sumOf(option: string, path: string): string {
  if (existsSync(path)) return fileHashSync(path).sha256;
  throw new NoduleTrainError(
    'input-missing',
    `training: \`${option}\` names ${path}, and there is no such file; relative paths start at the working directory`,
  );
}

/**
 * Hashes of a run's files: the model it starts from, modules of the user's own, hard points. A resumed run must find them as they
 * were; only the model is not looked at again, since the checkpoint holds what became of it.
 *
 * @throws NoduleTrainError `input-missing`, `input-changed`, `user-module`
 */
export function inputFiles(config: TrainConfig, folder: RunFolder, hasCheckpoint: boolean): InputFiles {
  const before = recordedFiles(folder.manifest);
  const now: Record<string, string> = {};
  if (config.init !== undefined)
    now.init = hasCheckpoint && before.init !== undefined ? before.init : sumOf('init', config.init);
  for (const option of moduleOptions) {
    const given = config[option];
    if (given !== undefined) now[option] = sumOf(option, moduleFile(option, given).path);
  }
  if (config.hardPoints !== undefined) now.hardPoints = sumOf('hardPoints', config.hardPoints);
  for (const [option, sum] of Object.entries(now))
    if (before[option] !== undefined && before[option] !== sum)
      throw new NoduleTrainError(
        'input-changed',
        `resuming ${folder.folder}: the file of \`${option}\` (${config[option as keyof TrainConfig]}) has SHA-256 ${sum}, but the run began with ` +
          `${before[option]}; put the old one back, or start a new run from this one's weights with --init ${folder.last}`,
      );
  return now;
}

function recordedFiles(manifest: string): InputFiles {
  if (!existsSync(manifest)) return {};
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { files?: InputFiles }).files ?? {};
  } catch {
    // Written anew below; what it said of the files is lost with it.
    return {};
  }
}
