import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

it('no operator that op(name) gives ends the process on malformed arguments', () => {
  const script = path.join(import.meta.dirname, '..', '..', 'scripts', 'fuzz', 'operators.mjs');
  // Another seed than the one the list was made with.
  const args = [script, '--check', '--seed', '7', '--trials', '20'];
  expect(() => execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })).not.toThrow();
}, 1_800_000);
