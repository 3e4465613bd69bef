import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { WorldLPS } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';

const hardPointsSchema = z.record(z.string(), z.array(z.tuple([z.number(), z.number(), z.number()])));

/**
 * Places to be taught as no nodule, such as a model's own false positives: a JSON file `{"SERIESUID": [[x, y, z], ...]}` in LPS
 * millimetres. Throws 'hard-points' where it cannot be read or has another form.
 */
export async function readHardPoints(path: string): Promise<ReadonlyMap<string, readonly WorldLPS[]>> {
  const fail = (found: string): never => {
    throw new NoduleTrainError(
      'hard-points',
      `reading the hard points ${path}: ${found}; wanted is JSON of the form {"SERIESUID": [[x, y, z], ...]} with LPS millimetres`,
    );
  };
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    return fail((error as Error).message);
  }
  const parsed = hardPointsSchema.safeParse(content);
  if (parsed.success) return new Map(Object.entries(parsed.data)) as unknown as ReadonlyMap<string, WorldLPS[]>;
  const [issue] = parsed.error.issues;
  return fail(`${issue?.path.join('.') || 'the whole'} is wrong: ${issue?.message}`);
}
