import type { z } from 'zod';
import { NoduleTrainError } from '../runtime/index.js';

/**
 * Parses options with a zod schema and fills in their defaults.
 * @throws NoduleTrainError `options` with what was being done (`doing`) and every invalid field
 */
export const checkOptions = <Schema extends z.ZodType>(
  schema: Schema,
  doing: string,
  given: unknown,
): z.output<Schema> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [...path.map(String), message].join(': '));
  throw new NoduleTrainError('options', `${doing}: invalid options: ${faults.join('; ')}`);
};
