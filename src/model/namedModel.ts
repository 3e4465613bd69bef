import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NoduleTrainError } from '../runtime/error.js';
import { packageRoot } from '../runtime/libtorch/load.js';

/** Models that come with this package; `models/NAME/README.md` says what each is. */
export const modelNames = ['default', 'phantom-hu'] as const;

/**
 * The file of a model: `default` and `phantom-hu` are those that come with this package, everything else is a path. A file of such a
 * name is had as `./default`.
 *
 * @throws NoduleTrainError `model-missing` where this package was made without the model
 */
export function modelPath(model: string): string {
  if (!(modelNames as readonly string[]).includes(model)) return model;
  const path = join(packageRoot, 'models', model, 'model.safetensors');
  if (existsSync(path)) return path;
  throw new NoduleTrainError(
    'model-missing',
    `reading the model ${model}: there is no ${path}, which should come with this package; install it anew, or in a clone make it: node scripts/models/make-models.mjs ${model}`,
  );
}
