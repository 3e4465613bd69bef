import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Matrix3, readVolume, type Vector3, writeVolume } from '../../../dist/ct/index.js';
import { layouts, placesOfValues, reoriented } from '../../support/orientations.js';
import { inSupport } from '../../support/paths.js';
import { pythonInterpreter } from '../../support/python.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const folder = scratchFolder('orientation');

/** A volume whose voxels, lengths and spacings all differ. */
const phantom = (direction: Matrix3) =>
  buildVolume(
    [3, 4, 5],
    Int16Array.from({ length: 60 }, (_, k) => ((k * 37) % 61) - 30),
    {
      spacing: [0.703125, 0.8203125, 2.5],
      origin: [-166, -171.75, -340.25],
      direction,
      uid: 'phantom',
    },
  );

const straight: Matrix3 = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
/** 30° about z, then 20° about x: no axis along one of the patient's, or in a plane of two. */
const oblique = (() => {
  const [c, s, d, t] = [Math.cos(Math.PI / 6), 0.5, Math.cos(Math.PI / 9), Math.sin(Math.PI / 9)];
  return [
    [c, -s, 0],
    [d * s, d * c, -t],
    [t * s, t * c, d],
  ] as const;
})();

const formats = ['mha', 'nii.gz', 'nrrd'];

/** Tolerance in mm; NIfTI stores positions as float32. */
const tolerance = (name: string) => (name.includes('.nii') ? 5e-5 : 1e-9);

const furthest = (ours: readonly Vector3[], theirs: readonly Vector3[]) =>
  Math.max(...ours.flatMap((place, n) => place.map((mm, axis) => Math.abs(mm - theirs[n]![axis]!))));

describe('every flip and permutation of the axes of one scan', () => {
  it('gives 48 different layouts of the same voxels at the same positions', () => {
    const base = phantom(oblique);
    const all = layouts.map((layout) => reoriented(base, layout));
    expect(new Set(all.map(({ voxels, shape }) => `${shape} ${voxels}`)).size).toBe(48);
    for (const volume of all) expect(furthest(placesOfValues(volume), placesOfValues(base))).toBeLessThan(1e-9);
  });

  it.each(formats)('keeps the position of every voxel through writing and reading .%s', async (format) => {
    for (const direction of [straight, oblique]) {
      const places = placesOfValues(phantom(direction));
      for (const layout of layouts) {
        const file = path.join(folder, `${layout.name}.${format}`);
        const volume = reoriented(phantom(direction), layout);
        await writeVolume(file, volume);
        const read = await readVolume(file);
        expect(read.voxels).toEqual(volume.voxels);
        expect(furthest(placesOfValues(read), places), layout.name).toBeLessThan(tolerance(file));
      }
    }
  });

  const python = pythonInterpreter();
  it.skipIf(python === null).each([
    ['straight', straight],
    ['oblique', oblique],
  ])(
    'has the same positions in files of SimpleITK and nibabel, and they read ours alike: %s (skipped without Python)',
    { timeout: 120_000 },
    async (name, direction) => {
      const home = path.join(folder, name);
      await mkdir(path.join(home, 'ours'), { recursive: true });
      const base = phantom(direction);
      const places = placesOfValues(base);
      for (const layout of layouts)
        for (const format of formats)
          await writeVolume(path.join(home, 'ours', `${layout.name}-${format}.${format}`), reoriented(base, layout));
      await writeFile(path.join(home, 'phantom.json'), JSON.stringify({ ...base, voxels: [...base.voxels] }));
      const program = inSupport('orientations.py');
      const { stdout, stderr, status } = spawnSync(python as string, [program, home], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      expect(status, stderr).toBe(0);

      const seen = Object.entries(JSON.parse(stdout) as Record<string, number[]>);
      // SimpleITK reads all three formats, nibabel one of them twice.
      expect(seen).toHaveLength(48 * (3 + 2));
      const worst = (flat: number[]) =>
        Math.max(...flat.map((mm, n) => Math.abs(mm - places[Math.floor(n / 3)]![n % 3]!)));
      for (const [what, flat] of seen) expect(worst(flat), what).toBeLessThan(what.includes('.nii') ? 5e-5 : 1e-9);

      const files = readdirSync(path.join(home, 'theirs'));
      expect(files).toHaveLength(48 * 5);
      for (const file of files) {
        const read = await readVolume(path.join(home, 'theirs', file), { intensity: 'hu' });
        expect(furthest(placesOfValues(read), places), file).toBeLessThan(tolerance(file));
      }
    },
  );
});
