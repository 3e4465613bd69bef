import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layOnSlices } from '../../../../dist/ct/index.js';
import { patient } from '../../../support/dicomBytes.mjs';
import { inSupport } from '../../../support/paths.js';
import { pythonInterpreter } from '../../../support/python.js';
import { openSeries, resampledSources, sources, twoSegments, writeTo } from '../../../support/segmentations.js';

const every = [...sources, ...resampledSources];

const present = spawnSync('dciodvfy', ['--version']).error === undefined;
describe(`dciodvfy${present ? '' : '; skipped: not installed (apt-get install dicom3tools)'}`, () => {
  /** What it says, without what only a DICOMDIR would need. */
  const said = (path: string): string[] => {
    const { stdout, stderr } = spawnSync('dciodvfy', [path], { encoding: 'utf8' });
    return `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/to build DICOMDIR/.test(line));
  };

  it.skipIf(!present).each(every)('has nothing to say on a segmentation of: %s', async (_name, make) => {
    const { scan, source } = await openSeries(await make(), true);
    for (const segments of [twoSegments(), []]) {
      for (const allFrames of [false, true]) {
        const binary = await writeTo({ source, grid: scan }, segments, { allFrames });
        expect(said(binary.path)).toEqual(['Segmentation']);
      }
      const labelmap = await writeTo({ source, grid: scan }, segments, { kind: 'labelmap' });
      // Releases before Supplement 243 do not know the object.
      expect(['Error - Information Object Not found', 'LabelMapSegmentation']).toContain(said(labelmap.path).join());
    }
  });
});

const python = pythonInterpreter();
const installed = python !== null && spawnSync(python, ['-c', 'import highdicom, SimpleITK']).status === 0;
const why = installed ? '' : '; skipped: no highdicom (npm run python)';
describe(`highdicom, pydicom and dcmqi${why}`, () => {
  interface Peers {
    patient: string;
    segments: unknown[];
    highdicom: Record<string, number[] | null>;
    pydicom: Record<string, number[]>;
    dcmqi: Record<string, number[][]> | null;
  }

  it.skipIf(!installed)('read the same voxels and codes from every series', { timeout: 120_000 }, async () => {
    const cases = [];
    for (const [name, make] of every) {
      const { scan, source } = await openSeries(await make(), true);
      for (const kind of ['binary', 'labelmap'] as const)
        for (const segments of [twoSegments(), []]) {
          const { path } = await writeTo({ source, grid: scan }, segments, { kind });
          const described = join(dirname(path), 'slices.json');
          writeFileSync(described, JSON.stringify(source.slices));
          cases.push({
            name: `${name}, ${kind}, ${segments.length} segments`,
            path,
            described,
            scan,
            source,
            segments,
          });
        }
    }
    const command = join(dirname(python!), 'segimage2itkimage');
    const args = cases.flatMap(({ path, described }) => [path, described]);
    const program = inSupport('readSegmentations.py');
    const text = execFileSync(python!, [program, existsSync(command) ? command : '', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lines = text.trim().split('\n');
    expect(lines).toHaveLength(cases.length);
    for (const [n, { name, scan, source, segments }] of cases.entries()) {
      const found = JSON.parse(lines[n]!) as Peers;
      if (!name.startsWith('nothing')) expect(found.patient, name).toBe(patient.PatientName);
      expect(found.segments, name).toHaveLength(Math.max(1, segments.length));
      const [, rows, columns] = source.grid.shape;
      const placed = layOnSlices(segments, scan, source);
      for (const number of segments.length === 0 ? [1] : [1, 2]) {
        const mask = new Array<number>(source.slices.length * rows * columns).fill(0);
        const places: number[][] = [];
        for (const [slice, pixels] of placed.get(number) ?? [])
          for (const pixel of pixels) {
            mask[slice * rows * columns + pixel] = 1;
            const { position, rowAxis, columnAxis, pixelSpacing } = source.slices[slice]!;
            const [down, across] = [Math.floor(pixel / columns) * pixelSpacing[0], (pixel % columns) * pixelSpacing[1]];
            places.push(position.map((mm, k) => mm + across * rowAxis[k]! + down * columnAxis[k]!));
          }
        expect(found.pydicom[number], `pydicom: ${name}`).toEqual(mask);
        // It places frames by the images that they refer to.
        if (name.startsWith('no instance')) expect(found.highdicom[number], name).toBeNull();
        else expect(found.highdicom[number], `highdicom: ${name}`).toEqual(mask);
        // It has no grid for other distances of slices.
        if (found.dcmqi === null || /^(uneven|gantry)/.test(name)) continue;
        const theirs = found.dcmqi[number] ?? [];
        expect(theirs, `dcmqi: ${name}: ${JSON.stringify(found.dcmqi)}`).toHaveLength(places.length);
        for (const place of places)
          expect(
            Math.min(...theirs.map((other) => Math.hypot(...other.map((mm, k) => mm - place[k]!)))),
            `dcmqi: ${name}`,
          ).toBeLessThan(1e-3);
      }
    }
    expect((JSON.parse(lines[0]!) as Peers).segments[1]).toEqual({
      number: 2,
      label: 'Nodule 2',
      tracking: ['Nodule 2', '1.2.3.77.2'],
      category: ['49755003', 'SCT'],
      type: ['27925004', 'SCT'],
      regions: [['39607008', 'SCT']],
      algorithm: ['AUTOMATIC', 'nodule-train default', '0.14.0'],
    });
  });
});
