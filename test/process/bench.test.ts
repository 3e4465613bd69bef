import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { inRoot } from '../support/paths.js';
import { pythonInterpreter } from '../support/python.js';

const python = pythonInterpreter();

it.skipIf(python === null)(
  "bench --quick --json prints our figure and the peer's in every row (skipped without `npm run python`)",
  { timeout: 300_000 },
  () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [inRoot('bench', 'main.mjs'), '--quick', '--json', '--python', python as string],
      { encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
    const { results } = JSON.parse(stdout) as { results: Record<string, unknown>[] };
    expect(new Set(results.map(({ name }) => name)).size).toBeGreaterThanOrEqual(5);
    for (const { name, unit, ours, peer, peerName, ratio, goal, cpu } of results) {
      for (const figure of [ours, peer, ratio]) expect(figure, `${name}`).toBeGreaterThan(0);
      expect({ name, unit, peerName, goal, cpu }).toMatchObject({
        name: expect.stringMatching(/./),
        unit: expect.stringMatching(/^(crops\/s|(ms|µs)( of processor time)?)$/),
        peerName: expect.stringMatching(/./),
        goal: expect.any(Number),
        cpu: { model: expect.stringMatching(/./), capability: expect.stringMatching(/./) },
      });
      expect(
        Math.min(
          Math.abs(1 - (ratio as number) / ((ours as number) / (peer as number))),
          Math.abs(1 - (ratio as number) / ((peer as number) / (ours as number))),
        ),
      ).toBeLessThan(1e-9);
    }
  },
);
