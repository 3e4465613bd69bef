import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readVolume } from '../../../../dist/ct/index.js';
import { largest, oblique, series, stack } from '../../../support/dicomSeries.js';
import { valuesOf } from '../../../support/goldenScans.js';
import { inGolden, inSupport } from '../../../support/paths.js';
import { pythonInterpreter } from '../../../support/python.js';
import { scratchFolder } from '../../../support/scratch.js';

interface Copy {
  path: string;
  size: number[];
  geometry: [origin: number[], spacing: number[], direction: number[]];
  values: number[];
}

const python = pythonInterpreter();
const folder = scratchFolder('simple-itk');
const quiet = { onNote: () => {} };

/** A header with the fields of MRI, which SimpleITK copies into those of other formats. */
const nrrdOfMri = [
  'NRRD0005',
  'type: short',
  'dimension: 3',
  'space: right-anterior-superior',
  'sizes: 2 3 4',
  'space directions: (-0.7,0,0) (0,-0.8,0) (0,0,2.5)',
  'kinds: domain domain domain',
  'endian: little',
  'encoding: raw',
  'space units: "mm" "mm" "mm"',
  'space origin: (10,20,-30)',
  'measurement frame: (1,0,0) (0,1,0) (0,0,1)',
  'content: a scan',
  'DWMRI_b-value:=1000',
  '',
  '',
].join('\n');

/** Axes of the first three of any number. */
const threeAxes = (direction: number[]): number[] => {
  const axes = Math.sqrt(direction.length);
  return direction.filter((_, n) => n % axes < 3 && Math.floor(n / axes) < 3);
};

it.skipIf(python === null)(
  'images that SimpleITK writes again have its voxels at its positions, in any format and type (skipped without npm run python)',
  { timeout: 180_000 },
  async () => {
    const mri = join(folder, 'mri.nrrd');
    await writeFile(
      mri,
      Buffer.concat([Buffer.from(nrrdOfMri), Buffer.from(Int16Array.from({ length: 24 }, (_, k) => k * 7).buffer)]),
    );
    const dicom = await series({}, { ...stack, direction: oblique });
    const inputs = [
      mri,
      inGolden('nifti', 'sform-any.nii.gz'),
      inGolden('nifti', 'int16.nii.gz'),
      inGolden('metaimage', 'any.mha'),
      inGolden('nrrd', 'keys.nrrd'),
      dicom,
    ];
    const lines = execFileSync(python as string, [inSupport('simpleItkCopies.py'), folder, ...inputs], {
      encoding: 'utf8',
      maxBuffer: 1e9,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const copies: Copy[] = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(copies.length).toBeGreaterThan(140);
    for (const { path, size, geometry, values } of copies) {
      const volume = await readVolume(path, quiet);
      expect(volume.shape, path).toEqual(size.slice(0, 3).toReversed());
      expect(largest(valuesOf(volume), values), path).toBeLessThan(1e-2);
      const [origin, spacing, direction] = geometry;
      expect(largest(volume.origin, origin), path).toBeLessThan(1e-4);
      // A copy without any distances does not say that they are 1 mm.
      expect(largest(volume.spacing ?? [1, 1, 1], spacing), path).toBeLessThan(1e-5);
      expect(largest(volume.direction.flat(), threeAxes(direction)), path).toBeLessThan(1e-5);
    }
    const refusals = {
      several: /several volumes|"4", with 2 volumes/,
      vectors: /vector|channels|colours/i,
      flat: /is "?2"?, expected 3/,
    };
    for (const extension of ['mha', 'mhd', 'nrrd', 'nhdr', 'nii', 'nii.gz']) {
      for (const [name, message] of Object.entries(refusals)) {
        const path = join(folder, `${name}.${extension}`);
        await expect(readVolume(path, quiet), path).rejects.toMatchObject({
          name: 'NoduleTrainError',
          message: expect.stringMatching(message),
        });
      }
    }
  },
);
