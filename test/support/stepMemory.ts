import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Memory } from '../../dist/torch/index.js';

/** What `scripts/figures/step-memory.mjs` prints. */
export interface StepMemory {
  steps: number;
  memoryAfter500: Memory;
  memoryAtEnd: Memory;
  rssAtHalf: number;
  rssAtEnd: number;
  meanLoss: number;
}

/** Trains so many steps in a process of its own, as the test runner's memory is no part of the measurement. */
export function stepMemory(steps: number): StepMemory {
  const script = path.resolve(import.meta.dirname, '..', '..', 'scripts', 'figures', 'step-memory.mjs');
  const run = spawnSync(process.execPath, [script, '--steps', String(steps)], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as StepMemory;
}
