import type { z } from 'zod';
import { NoduleTrainError } from '../runtime/index.js';
import { optionName } from './schemaOptions.js';

/**
 * Checks what a command was given and fills in the defaults.
 * @throws NoduleTrainError `bad-use` which names each option, what is wrong with it and what is wanted
 */
export function parseOptions<Schema extends z.ZodType>(
  command: string,
  schema: Schema,
  given: Record<string, unknown>,
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    const [top] = path;
    return top !== undefined && !(top in given)
      ? `${optionName(path.map(String))} is missing`
      : `${optionName(path.map(String))}: ${message}`;
  });
  throw new NoduleTrainError('bad-use', `\`${command}\`: ${faults.join('; ')}`);
}
