import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { hashTensors } from '../../model/index.js';
import { loadTensorsSync, scope } from '../../torch/index.js';
import { FIELDS_IGNORED_IN_COMPARISON } from '../config/fieldsIgnoredInComparison.js';
import { type RunFolder, runFolder } from './runFolder.js';

export interface RunComparison {
  /** Whether weights, optimizer state and counts of the last checkpoints are bit-identical. */
  same: boolean;
  /** SHA-256 of these, of this run and of the reference. */
  sha256: readonly [string, string];
  /** First difference, from the run's inputs to its results; null if there is none. */
  firstDifference: string | null;
}

const checkpointHash = (path: string): string => scope(() => hashTensors(loadTensorsSync(path).tensors));

const json = (path: string): unknown => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);

/** Fields of configuration and manifest that do not affect the weights. */
const IGNORED_FIELDS = new Set([...FIELDS_IGNORED_IN_COMPARISON, 'command', 'commit', 'folder']);

/** Describes the first field in which two JSON values differ; null if they agree. */
function firstDifference(found: unknown, expected: unknown, path: string[]): string | null {
  if (isDeepStrictEqual(found, expected)) return null;
  if (!isRecord(found) || !isRecord(expected))
    return `${path.join('.')}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`;
  for (const key of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    if (IGNORED_FIELDS.has(key)) continue;
    const difference = firstDifference(found[key], expected[key], [...path, key]);
    if (difference !== null) return difference;
  }
  return null;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Reads the losses by step. Of a step that a resumed run repeated, the last one counts. */
function losses({ events }: RunFolder): Map<number, number> {
  const found = new Map<number, number>();
  for (const line of existsSync(events) ? readFileSync(events, 'utf8').split('\n') : []) {
    if (!line.startsWith('{"type":"step"')) continue;
    const { step, loss } = JSON.parse(line) as { step: number; loss: number };
    found.set(step, loss);
  }
  return found;
}

/** Compares a run with the reference run `like` that it repeats. */
export function compareRuns(run: string, like: string): RunComparison {
  const [mine, reference] = [runFolder(run), runFolder(like)];
  const sha256 = [checkpointHash(mine.last), checkpointHash(reference.last)] as const;
  const same = sha256[0] === sha256[1];
  if (same) return { same, sha256, firstDifference: null };
  for (const file of ['config', 'manifest', 'split'] as const) {
    const difference = firstDifference(json(mine[file]), json(reference[file]), [file]);
    if (difference !== null) return { same, sha256, firstDifference: difference };
  }
  const expected = losses(reference);
  for (const [step, loss] of losses(mine)) {
    const before = expected.get(step);
    if (before !== undefined && before !== loss)
      return { same, sha256, firstDifference: `loss of step ${step}: found ${loss}, expected ${before}` };
  }
  return { same, sha256, firstDifference: 'the weights after the last step, although all logged losses agree' };
}
