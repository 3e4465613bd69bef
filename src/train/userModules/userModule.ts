import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { NoduleTrainError } from '../../runtime/index.js';

/** Options that name a user module. */
export type ModuleOption = 'lossModule' | 'augmentModule' | 'samplerModule';

const fail = (option: ModuleOption, given: string, found: string, cause?: unknown): never => {
  throw new NoduleTrainError(
    'user-module',
    `loading \`${option}\` ${given}: ${found}, expected a module and the name of a function that it exports, ` +
      'such as my.mjs#name.',
    { cause },
  );
};

/**
 * Splits `my.mjs#name` or `file:///…/my.mjs#name` into the path of the module and the name of its export, `default`
 * without `#name`. Relative paths start at the working directory.
 *
 * @throws NoduleTrainError `user-module`
 */
export function moduleFile(option: ModuleOption, given: string): { path: string; name: string } {
  const at = given.lastIndexOf('#');
  const [place, name] = at < 0 ? [given, 'default'] : [given.slice(0, at), given.slice(at + 1)];
  if (name === '') fail(option, given, 'found no name after #');
  if (/^[a-z][a-z0-9+.-]+:/i.test(place) && !/^file:/i.test(place) && !/^[a-z]:[\\/]/i.test(place))
    fail(option, given, 'found a URL that is not a file');
  let path = '';
  try {
    path = /^file:/i.test(place) ? fileURLToPath(place) : resolve(place);
  } catch (cause) {
    fail(option, given, (cause as Error).message, cause);
  }
  if (!existsSync(path)) fail(option, given, `there is no file ${path}`);
  return { path, name };
}

/**
 * Loads a user function. It must be in a module, because it runs in the training thread.
 * @throws NoduleTrainError `user-module` if there is no such file or export, or the module itself throws
 */
export async function loadUserFunction<F extends (...parts: never[]) => unknown>(
  option: ModuleOption,
  given: string,
): Promise<F> {
  const { path, name } = moduleFile(option, given);
  let module: Record<string, unknown> = {};
  try {
    module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (cause) {
    fail(option, given, `the module throws: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const found = module[name];
  if (typeof found !== 'function')
    fail(
      option,
      given,
      `found ${typeof found} as its export ${name} among ${Object.keys(module).join(', ') || 'no exports'}`,
    );
  return found as F;
}
