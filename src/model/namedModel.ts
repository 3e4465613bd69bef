import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NoduleTrainError, packageRoot } from '../runtime/index.js';

/** Models bundled with this package; `models/NAME/README.md` describes each. */
export const modelNames = ['default', 'phantom-hu'] as const;

/**
 * Returns the path of a model: `default` and `phantom-hu` are bundled with this package, anything else is
 * taken as a path. For a file named `default`, write `./default`.
 *
 * @throws NoduleTrainError `model-missing` if there is no such file, or this package was built without the model
 */
export function modelPath(model: string): string {
  if (!(modelNames as readonly string[]).includes(model)) {
    if (existsSync(model)) return model;
    throw new NoduleTrainError(
      'model-missing',
      `reading the model ${model}: there is no such file, and the models of this package are ${modelNames.join(' and ')}. ` +
        'Check the path.',
    );
  }
  const path = join(packageRoot, 'models', model, 'model.safetensors');
  if (existsSync(path)) return path;
  throw new NoduleTrainError(
    'model-missing',
    `reading the model ${model}: ${path} does not exist, expected as part of this package. ` +
      `Install the package again, or in a clone: node scripts/models/make-models.mjs ${model}`,
  );
}
