import type { z } from 'zod';
import { NoduleTrainError } from '../runtime/index.js';
import { optionName } from './schemaOptions.js';

/**
 * Checks the options given to a command and fills in the defaults.
 * @throws NoduleTrainError `bad-use`, naming each wrong option and what is expected
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
