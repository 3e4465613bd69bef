import { spawnSync } from 'node:child_process';
import type { Memory } from '../../dist/torch/index.js';
import { inRoot } from './paths.js';

/** Output of `scripts/figures/step-memory.mjs`. */
export interface StepMemory {
  steps: number;
  memoryAfter500: Memory;
  memoryAtEnd: Memory;
  rssAtHalf: number;
  rssAtEnd: number;
  meanLoss: number;
}

/** Trains `steps` steps in a separate process, so that the test runner's memory does not count. */
export function stepMemory(steps: number): StepMemory {
  const script = inRoot('scripts', 'figures', 'step-memory.mjs');
  const run = spawnSync(process.execPath, [script, '--steps', String(steps)], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as StepMemory;
}
