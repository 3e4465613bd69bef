import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { inRoot } from '../support/paths.js';

it('no operator that op(name) returns ends the process on malformed arguments', () => {
  const script = inRoot('scripts', 'fuzz', 'operators.mjs');
  // Another seed than that of the list of unsafe operators.
  const args = [script, '--check', '--seed', '7', '--trials', '20'];
  const { status, signal } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  expect({ status, signal }).toEqual({ status: 0, signal: null });
}, 1_800_000);
