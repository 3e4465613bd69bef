import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { tensorsHash } from '../../model/index.js';
import { loadTensorsSync, scope } from '../../torch/index.js';
import { FIELDS_IGNORED_IN_COMPARISON } from '../config/fieldsIgnoredInComparison.js';
import { type RunFolder, runFolder } from './runFolder.js';

export interface RunComparison {
  /** Whether weights, optimizer and counts of the last checkpoints have the same bits. */
  same: boolean;
  /** SHA-256 over them, of this run and of the other. */
  sha256: readonly [string, string];
  /** What differs first, from what a run is made with to what came out; null where nothing does. */
  firstDifference: string | null;
}

const hashOf = (path: string): string => scope(() => tensorsHash(loadTensorsSync(path).tensors));

const json = (path: string): unknown => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);

/** Beside those of the configuration. */
const ofNoAccount = new Set([...FIELDS_IGNORED_IN_COMPARISON, 'command', 'commit', 'folder']);

/** The first field, by its path, in which two JSON values differ. */
function firstField(a: unknown, b: unknown, path: string[] = []): string | null {
  if (isDeepStrictEqual(a, b)) return null;
  const [one, other] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null)
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      if (ofNoAccount.has(key)) continue;
      const found = firstField(one[key], other[key], [...path, key]);
      if (found !== null) return found;
    }
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) return null;
  return `${path.join('.')} is ${JSON.stringify(a)}, and was ${JSON.stringify(b)}`;
}

/** Loss by step, a resumed run's as it came out last. */
function losses({ events }: RunFolder): Map<number, number> {
  const found = new Map<number, number>();
  for (const line of existsSync(events) ? readFileSync(events, 'utf8').split('\n') : []) {
    if (!line.startsWith('{"type":"step"')) continue;
    const { step, loss } = JSON.parse(line) as { step: number; loss: number };
    found.set(step, loss);
  }
  return found;
}

/** Lays a run beside one that it is to repeat. */
export function compareRuns(run: string, like: string): RunComparison {
  const [mine, other] = [runFolder(run), runFolder(like)];
  const sha256 = [hashOf(mine.last), hashOf(other.last)] as const;
  const same = sha256[0] === sha256[1];
  if (same) return { same, sha256, firstDifference: null };
  for (const file of ['config', 'manifest', 'split'] as const) {
    const field = firstField(json(mine[file]), json(other[file]));
    if (field !== null) return { same, sha256, firstDifference: `${file}: ${field}` };
  }
  const [now, then] = [losses(mine), losses(other)];
  for (const [step, loss] of now) {
    const before = then.get(step);
    if (before !== undefined && before !== loss)
      return { same, sha256, firstDifference: `step ${step}: the loss is ${loss}, and was ${before}` };
  }
  return { same, sha256, firstDifference: 'the weights after the last step, though every logged loss is the same' };
}
