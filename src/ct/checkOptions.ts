import type { z } from 'zod';
import { NoduleTrainError } from '../runtime/index.js';

/** Options with their defaults, or one error ('options') that says what was being done and names every wrong field. */
export const checkOptions = <Schema extends z.ZodType>(
  schema: Schema,
  doing: string,
  given: unknown,
): z.output<Schema> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [...path.map(String), message].join(': '));
  throw new NoduleTrainError('options', `${doing}: wrong options: ${faults.join('; ')}`);
};
