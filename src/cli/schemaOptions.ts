import { type Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';

/** One leaf of an options schema. */
export interface Leaf {
  path: string[];
  /** `list`: an option that may be given several times; one of choices also takes them separated by commas. */
  kind: 'string' | 'number' | 'boolean' | 'tuple' | 'list';
  choices: string[] | null;
  defaultValue: unknown;
  description: string;
}

interface Definition {
  type: string;
  innerType?: z.ZodType;
  element?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  entries?: Record<string, string>;
  defaultValue?: unknown;
}

const definitionOf = (schema: z.ZodType) => schema._zod.def as unknown as Definition;
const WRAPPERS: ReadonlySet<string> = new Set(['default', 'prefault', 'optional', 'nullable']);

/** Lists the fields of a schema that are options, in the schema's order; `path` is the place of the schema itself. */
export function leavesOf(schema: z.ZodType, path: string[] = [], defaultValue?: unknown, description?: string): Leaf[] {
  const definition = definitionOf(schema);
  const text = schema.description ?? description;
  if (WRAPPERS.has(definition.type))
    return leavesOf(definition.innerType as z.ZodType, path, definition.defaultValue ?? defaultValue, text);
  if (definition.type === 'object')
    return Object.entries(definition.shape ?? {}).flatMap(([name, field]) => leavesOf(field, [...path, name]));
  if (definition.type === 'array') {
    const { entries } = definitionOf(definition.element as z.ZodType);
    const choices = entries ? Object.values(entries) : null;
    return [{ path, kind: 'list', choices, defaultValue, description: text ?? '' }];
  }
  const kind = definition.type === 'enum' ? 'string' : definition.type;
  if (kind !== 'string' && kind !== 'number' && kind !== 'boolean' && kind !== 'tuple')
    throw new TypeError(`option ${path.join('.')}: a ${definition.type} cannot be a command line option`);
  const choices = definition.entries ? Object.values(definition.entries) : null;
  return [{ path, kind, choices, defaultValue, description: text ?? '' }];
}

const kebab = (path: string[]) => path.join('-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
/** Returns the option of a field: `--augment-noise` for `augment.noise`. */
export function optionName(path: string[]) {
  return `--${kebab(path)}`;
}
const attribute = (path: string[]) => kebab(path).replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const numberArgument = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
};

const numbersArgument = (text: string): number[] => text.split(',').map(numberArgument);

/** Collects the values of an option that may be given several times. */
const listParser =
  (choices: readonly string[] | null) =>
  (text: string, previous: unknown): string[] => {
    const values = choices === null ? [text] : text.split(',').map((value) => value.trim());
    const wrong = values.find((value) => choices !== null && !choices.includes(value));
    if (wrong !== undefined)
      throw new InvalidArgumentError(`Allowed choices are ${choices!.join(', ')}, separated by commas.`);
    return [...(Array.isArray(previous) ? previous : []), ...values];
  };

const PARSERS: Record<'number' | 'tuple', (text: string) => unknown> = {
  number: numberArgument,
  tuple: numbersArgument,
};
const PLACEHOLDERS = { string: 'value', number: 'number', tuple: 'numbers', list: 'value' };

/**
 * Adds one option to the command for each leaf of the schema: `--augment-noise` for the field `augment.noise`. A
 * boolean that is on by default is shown as `--no-NAME`, with the help "disable" and the field's description.
 * @returns a function that reads the given options in the schema's shape, without defaults, which the schema fills in
 */
export function addSchemaOptions(command: Command, schema: z.ZodType): () => Record<string, unknown> {
  const leaves = leavesOf(schema, []);
  for (const { path, kind, choices, defaultValue, description } of leaves) {
    const name = kebab(path);
    const hint =
      defaultValue === undefined || defaultValue === null || kind === 'boolean'
        ? ''
        : ` (default: ${String(defaultValue)})`;
    if (kind === 'boolean') {
      command.addOption(new Option(`--${name}`, description).hideHelp(defaultValue === true));
      command.addOption(new Option(`--no-${name}`, `disable ${description}`).hideHelp(defaultValue !== true));
      continue;
    }
    const listed = kind === 'list' && choices ? ` (${choices.join(', ')})` : '';
    const option = new Option(`--${name} <${PLACEHOLDERS[kind]}>`, `${description}${listed}${hint}`);
    if (kind === 'list') option.argParser(listParser(choices));
    else if (choices) option.choices(choices);
    else if (kind === 'number' || kind === 'tuple') option.argParser(PARSERS[kind]);
    command.addOption(option);
  }
  return () => {
    const given: Record<string, unknown> = {};
    for (const { path } of leaves) {
      if (command.getOptionValueSource(attribute(path)) !== 'cli') continue;
      let at = given;
      for (const name of path.slice(0, -1)) {
        at[name] ??= {};
        at = at[name] as Record<string, unknown>;
      }
      at[path.at(-1) as string] = command.getOptionValue(attribute(path));
    }
    return given;
  };
}
