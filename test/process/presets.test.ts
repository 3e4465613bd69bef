import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { indexToWorld, nearestIndex, readVolume, type Shape3, type Volume, writeVolume } from '../../dist/ct/index.js';
import { type Annotation, readAnnotations } from '../../dist/labels/index.js';
import { PRESETS } from '../../dist/train/config/presets.js';
import { jsonLines, runCli } from '../support/cli.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedData } from '../support/shared.js';

const luna = sharedData('luna16');

/** The part of a scan around one of its nodules, with the nodules that lie in it: whole scans are for test/long. */
function partOf(volume: Volume, nodules: readonly Annotation[], shape: Shape3): { part: Volume; lines: string[] } {
  const corner = nearestIndex(volume, nodules[0]!.center).map((place, axis) =>
    Math.min(Math.max(place - (shape[axis]! >> 1), 0), volume.shape[axis]! - shape[axis]!),
  ) as unknown as Parameters<typeof indexToWorld>[1];
  const voxels = new Int16Array(shape[0] * shape[1] * shape[2]);
  for (let slice = 0; slice < shape[0]; slice++)
    for (let row = 0; row < shape[1]; row++) {
      const from = ((slice + corner[0]) * volume.shape[1] + row + corner[1]) * volume.shape[2] + corner[2];
      voxels.set(volume.voxels.subarray(from, from + shape[2]), (slice * shape[1] + row) * shape[2]);
    }
  const part = { ...volume, voxels, shape, origin: indexToWorld(volume, corner) };
  const inside = nodules.filter(({ center }) =>
    nearestIndex(part, center).every((place, axis) => place >= 0 && place < shape[axis]!),
  );
  return { part, lines: inside.map(({ uid, center, diameterMm }) => [uid, ...center, diameterMm].join(',')) };
}

describe.skipIf(luna === null)('train on parts of the two real scans (skipped without ../shared/data)', () => {
  const folder = scratchFolder('presets');
  beforeAll(async () => {
    mkdirSync(join(folder, 'scans', 'subset0'), { recursive: true });
    const annotations = await readAnnotations(join(luna!, 'annotations-these-scans.csv'));
    const lines = ['seriesuid,coordX,coordY,coordZ,diameter_mm'];
    for (const uid of new Set(annotations.map((one) => one.uid))) {
      const path = ['subset0', 'subset1'].map((name) => sharedData('luna16', name, `${uid}.mhd`)).find(Boolean);
      const nodules = annotations.filter((one) => one.uid === uid);
      const { part, lines: inside } = partOf(await readVolume(path as string), nodules, [20, 160, 160]);
      await writeVolume(join(folder, 'scans', 'subset0', `${uid}.mhd`), part);
      lines.push(...inside);
    }
    writeFileSync(join(folder, 'scans', 'annotations.csv'), `${lines.join('\n')}\n`);
  });

  it.each(Object.keys(PRESETS))(
    'finishes with the preset %s, with nodules to train on and to validate on, and reports figures',
    { timeout: 180_000 },
    (preset) => {
      const run = join(folder, preset);
      const given = ['--data', 'scans', '--out', run, '--preset', preset, '--epochs', '1', '--samples', '32'];
      const { status, stdout, stderr } = runCli(['train', ...given, '--threads', '1', '--json'], { cwd: folder });
      expect(status, stderr).toBe(0);
      const events = jsonLines(stdout);
      expect(events.find(({ type }) => type === 'start')).toMatchObject({ trainScans: 1, validationScans: 1 });
      const validation = events.find(({ type }) => type === 'validation')!;
      expect(validation.nodules.nodules).toBeGreaterThan(0);
      expect(validation.metrics.loss.all).toBeGreaterThan(0);
      expect(events.at(-1)).toMatchObject({ type: 'end', status: 'finished', epoch: 1 });
      expect(JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).preset).toBe(preset);
    },
  );
});
