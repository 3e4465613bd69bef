import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { NoduleTrainError } from '../../runtime/index.js';

/** Options of a run that name a module of the user's own. */
export type ModuleOption = 'lossModule' | 'augmentModule' | 'samplerModule';

const fail = (option: ModuleOption, given: string, found: string, cause?: unknown): never => {
  throw new NoduleTrainError(
    'user-module',
    `loading \`${option}\` ${given}: ${found}; wanted is a module and the name of a function that it exports, such as my.mjs#name`,
    { cause },
  );
};

/**
 * The file of a module and the name of its export, from `my.mjs#name` or `file:///…/my.mjs#name`; without a name it is `default`.
 * A relative path starts at the working directory.
 *
 * @throws NoduleTrainError `user-module`
 */
export function moduleFile(option: ModuleOption, given: string): { path: string; name: string } {
  const at = given.lastIndexOf('#');
  const [place, name] = at < 0 ? [given, 'default'] : [given.slice(0, at), given.slice(at + 1)];
  if (name === '') fail(option, given, 'no export is named behind #');
  if (/^[a-z][a-z0-9+.-]+:/i.test(place) && !/^file:/i.test(place) && !/^[a-z]:[\\/]/i.test(place))
    fail(option, given, 'only files can be loaded');
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
 * Loads a function of the user's own. It runs in the thread that trains, so it can come from a module only.
 * @throws NoduleTrainError `user-module` where there is no such file or export, or the module itself fails
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
    fail(option, given, `the module failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const found = module[name];
  if (typeof found !== 'function')
    fail(
      option,
      given,
      `its export ${name} is ${typeof found}; it exports ${Object.keys(module).join(', ') || 'nothing'}`,
    );
  return found as F;
}
