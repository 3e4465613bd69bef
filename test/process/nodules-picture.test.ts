import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import { inRoot } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

it('the picture of docs/guide/scan-report.md is up to date, pixel for pixel, and smaller than 200 KB', () => {
  const script = inRoot('scripts', 'figures', 'nodules-picture.mjs');
  const committed = inRoot('docs', 'guide', 'pictures', 'nodules.png');
  const drawn = path.join(scratchFolder('nodules-picture'), 'nodules.png');
  const { status, stderr } = spawnSync(process.execPath, [script, drawn], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const [old, now] = [committed, drawn].map((file) => decode(readFileSync(file)));
  expect([now!.width, now!.height]).toEqual([old!.width, old!.height]);
  const stale = 'stale: run `node scripts/figures/nodules-picture.mjs` and look at the result';
  expect(Buffer.compare(Buffer.from(now!.data), Buffer.from(old!.data)), stale).toBe(0);
  expect(statSync(committed).size).toBeLessThan(200_000);
}, 120_000);
