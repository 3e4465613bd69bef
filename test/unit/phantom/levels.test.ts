import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { levels } from '../../../dist/phantom/index.js';
import { inRoot } from '../../support/paths.js';

it('docs/guide/phantoms.md lists the parameters of every level', () => {
  const page = inRoot('docs', 'guide', 'phantoms.md');
  const lines = readFileSync(page, 'utf8').split('\n');
  const all = [levels.easy, levels.standard, levels.hard];
  const range = ([low, high]: readonly [number, number]) => (low === high ? `${low}` : `${low} – ${high}`);
  const percent = (...shares: number[]) => shares.map((share) => Math.round(100 * share)).join(' / ');
  const expected: [string, string[]][] = [
    ['diameter, mm', all.map(({ diameterMm }) => range(diameterMm))],
    [
      'solid / part-solid / ground glass, %',
      all.map(({ kinds }) => percent(kinds.solid, kinds['part-solid'], kinds['ground-glass'])),
    ],
    [
      'alone / on a vessel / on the wall, %',
      all.map(({ attachments: { isolated, juxtavascular, juxtapleural } }) =>
        percent(isolated, juxtavascular, juxtapleural),
      ),
    ],
    ['deviation from an ellipsoid, %', all.map(({ irregularity }) => percent(irregularity))],
    ['noise, HU', all.map(({ noiseHu }) => range(noiseHu))],
    ['scars in a scan', all.map(({ scars }) => range(scars))],
    ['vessels that leave each hilum', all.map(({ vesselRoots }) => `${vesselRoots}`)],
    ['vessels end at a radius of, mm', all.map(({ smallestVesselMm }) => `${smallestVesselMm}`)],
  ];
  expect(Object.keys(levels)).toEqual(['easy', 'standard', 'hard']);
  for (const [name, values] of expected) expect(lines).toContain(`| ${[name, ...values].join(' | ')} |`);
});
