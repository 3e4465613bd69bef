import { readFileSync } from 'node:fs';
import { NoduleTrainError } from '../../runtime/index.js';
import { resolveTrainConfig } from '../config/config.js';
import type { TrainConfig } from '../config/schema.js';
import { openRunFolder, type RunFolder } from './runFolder.js';

/**
 * Reads the resolved configuration of a run. `doing` begins the error messages.
 * @throws NoduleTrainError `run-missing`, `run-config`
 */
export function recordedConfig(run: RunFolder, doing = 'resuming'): TrainConfig {
  openRunFolder(run.folder, doing);
  try {
    return resolveTrainConfig(JSON.parse(readFileSync(run.config, 'utf8')));
  } catch (cause) {
    throw new NoduleTrainError(
      'run-config',
      `${doing} ${run.folder}: ${run.config} is unusable: ${(cause as Error).message}. ` +
        'Restore that file or start a new run.',
      { cause },
    );
  }
}
