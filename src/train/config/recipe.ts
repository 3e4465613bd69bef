import { readFileSync } from 'node:fs';
import { isMap, parseDocument } from 'yaml';
import { decodeText, NoduleTrainError } from '../../runtime/index.js';

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Longer than any recipe. The size of a document is checked before it is parsed. */
const MAX_CHARACTERS = 1 << 20;

/**
 * Reads a recipe: fields of the configuration in YAML or JSON (a subset of YAML), nested as in the schema. Does not
 * check the fields; `resolveTrainConfig` does.
 * @throws NoduleTrainError `recipe`, naming the line of a syntax error
 */
export function readRecipe(path: string): Fields {
  const fail = (found: string): never => {
    throw new NoduleTrainError(
      'recipe',
      `reading the recipe ${path}: ${found}, expected fields of the configuration, such as "learningRate: 0.001", ` +
        'in YAML or JSON.',
    );
  };
  let text = '';
  try {
    text = decodeText(readFileSync(path)).text;
  } catch (cause) {
    return fail(
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message,
    );
  }
  if (text.length > MAX_CHARACTERS) return fail(`found ${text.length} characters`);
  const document = parseDocument(text, { maxAliasCount: 0, prettyErrors: true } as never);
  const error = document.errors[0];
  if (error !== undefined) return fail(error.message.split('\n')[0] as string);
  if (document.contents === null) return {};
  if (!isMap(document.contents)) return fail('found no fields');
  try {
    return document.toJS({ maxAliasCount: 0 }) as Fields;
  } catch (cause) {
    return fail((cause as Error).message);
  }
}

/**
 * Reads assignments of fields, such as `network.depth=4`. Values are YAML, so numbers and booleans are read as such.
 * @throws NoduleTrainError `bad-use`
 */
export function assignedFields(assignments: readonly string[]): Fields {
  const fields: Fields = {};
  for (const assignment of assignments) {
    const [, path, value] = assignment.match(/^([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)=(.*)$/s) ?? [];
    if (path === undefined || value === undefined)
      throw new NoduleTrainError(
        'bad-use',
        `reading \`--set ${assignment}\`: expected a field and its value, such as --set network.depth=4`,
      );
    const names = path.split('.');
    let at = fields;
    for (const name of names.slice(0, -1)) {
      if (!isFields(at[name])) at[name] = {};
      at = at[name] as Fields;
    }
    at[names.at(-1) as string] = assignedValue(assignment, value);
  }
  return fields;
}

function assignedValue(assignment: string, value: string): unknown {
  const document = parseDocument(value);
  const error = document.errors[0];
  try {
    if (error === undefined) return document.toJS({ maxAliasCount: 0 });
  } catch {
    // An alias without an anchor: reported below.
  }
  throw new NoduleTrainError(
    'bad-use',
    `reading \`--set ${assignment}\`: the value is not YAML` +
      `${error === undefined ? '' : ` (${error.message.split(' at line')[0]})`}. ` +
      'Put quotes around text that begins with one of [ { * & ! | > % @',
  );
}

/** Merges fields: `over` wins over `base`, field by field. Undefined fields are ignored. */
export function mergeFields(base: Fields, over: Fields): Fields {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = merged.get(key);
    merged.set(key, isFields(below) && isFields(value) ? mergeFields(below, value) : value);
  }
  // Not by assignment: a field named __proto__ must stay a field, so that the schema rejects it.
  return Object.fromEntries(merged);
}
