import { z } from 'zod';
import type { WorldLPS } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { checkJson, parseJson } from '../jsonFile.js';

const hardPointsSchema = z.record(z.string(), z.array(z.tuple([z.number(), z.number(), z.number()])));

/**
 * Reads points to train on as negatives, such as a model's false positives: a JSON file
 * `{"SERIESUID": [[x, y, z], ...]}` in LPS millimetres.
 * @throws NoduleTrainError `hard-points` if it cannot be read or is malformed
 */
export async function readHardPoints(path: string): Promise<ReadonlyMap<string, readonly WorldLPS[]>> {
  const fault = (found: string, cause?: unknown) =>
    new NoduleTrainError(
      'hard-points',
      `reading the hard points ${path}: ${found}, expected JSON of the form {"SERIESUID": [[x, y, z], ...]} in LPS ` +
        'millimetres. Make one with `nodule-train mine`.',
      { cause },
    );
  const points = checkJson(await parseJson(path, fault), hardPointsSchema, fault);
  return new Map(Object.entries(points)) as unknown as ReadonlyMap<string, WorldLPS[]>;
}
