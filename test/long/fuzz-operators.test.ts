import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { inRoot } from '../support/paths.js';

// 200 calls of every signature that op(name) gives, between inaccessible pages.
it.each([1, 2])('no operator that op(name) returns ends the process on malformed arguments: seed %i', (seed) => {
  const args = [inRoot('scripts', 'fuzz', 'operators.mjs'), '--check', '--trials', '200', '--seed', String(seed)];
  const { status, signal } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  expect({ status, signal }).toEqual({ status: 0, signal: null });
});
