import { type Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';

/** One leaf of an options schema. */
export interface Leaf {
  path: string[];
  kind: 'string' | 'number' | 'boolean' | 'tuple';
  choices: string[] | null;
  defaultValue: unknown;
  description: string;
}

interface Definition {
  type: string;
  innerType?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  entries?: Record<string, string>;
  defaultValue?: unknown;
}

const definitionOf = (schema: z.ZodType) => schema._zod.def as unknown as Definition;
const wrappers = new Set(['default', 'prefault', 'optional', 'nullable']);

/** Every field of a schema that is an option, in the schema's order; `path` is where the schema itself stands. */
export function leavesOf(schema: z.ZodType, path: string[] = [], defaultValue?: unknown, description?: string): Leaf[] {
  const definition = definitionOf(schema);
  const text = schema.description ?? description;
  if (wrappers.has(definition.type))
    return leavesOf(definition.innerType as z.ZodType, path, definition.defaultValue ?? defaultValue, text);
  if (definition.type === 'object')
    return Object.entries(definition.shape ?? {}).flatMap(([name, field]) => leavesOf(field, [...path, name]));
  const kind = definition.type === 'enum' ? 'string' : definition.type;
  if (kind !== 'string' && kind !== 'number' && kind !== 'boolean' && kind !== 'tuple')
    throw new TypeError(`option ${path.join('.')}: a ${definition.type} cannot be a command line option`);
  const choices = definition.entries ? Object.values(definition.entries) : null;
  return [{ path, kind, choices, defaultValue, description: text ?? '' }];
}

const kebab = (path: string[]) => path.join('-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
/** `--augment-noise` of the field `augment.noise`. */
export function optionName(path: string[]) {
  return `--${kebab(path)}`;
}
const attribute = (path: string[]) => kebab(path).replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const numberArgument = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('A number is wanted.');
  return value;
};

const numbersArgument = (text: string): number[] => text.split(',').map(numberArgument);

const parsers: Record<'number' | 'tuple', (text: string) => unknown> = {
  number: numberArgument,
  tuple: numbersArgument,
};
const shown = { string: 'value', number: 'number', tuple: 'numbers' };

/**
 * Gives the command one option for each leaf of the schema: field `augment.noise` is `--augment-noise`. Returns what
 * reads them back: only what was given, in the schema's shape, so that defaults and presets stay the schema's business.
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
      command.addOption(new Option(`--no-${name}`, `not: ${description}`).hideHelp(defaultValue !== true));
      continue;
    }
    const option = new Option(`--${name} <${shown[kind]}>`, `${description}${hint}`);
    if (choices) option.choices(choices);
    if (kind !== 'string') option.argParser(parsers[kind]);
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
