import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { parseJsonBytes } from '../runtime/index.js';

/** Makes the error of a JSON file from what was found in it. */
export type JsonFault = (found: string, cause?: unknown) => Error;

/**
 * Parses a JSON file.
 * @throws what `fault` returns if the file cannot be read or is not JSON
 */
export async function parseJson(path: string, fault: JsonFault): Promise<unknown> {
  try {
    return parseJsonBytes(await readFile(path));
  } catch (cause) {
    throw fault((cause as Error).message, cause);
  }
}

/**
 * Checks parsed JSON against a schema.
 * @throws what `fault` returns for the first invalid field
 */
export function checkJson<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
  fault: JsonFault,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw fault(`${issue.path.join('.') || 'the file'}: ${issue.message}`);
}
