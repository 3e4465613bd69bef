import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkGrid } from '../../../dist/ct/imageFile/checkGrid.js';
import type { ImageFile } from '../../../dist/ct/imageFile/imageFile.js';
import { straightenMask, straightenVolume } from '../../../dist/ct/imageFile/straighten.js';
import {
  identityDirection,
  indexIRC,
  indexToWorld,
  type MaskVolume,
  type Matrix3,
  readMask,
  readVolume,
  resampleMask,
  resampleVolume,
  type Vector3,
  type Volume,
} from '../../../dist/ct/index.js';
import { pythonInterpreter } from '../../support/python.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const folder = scratchFolder('resample');

/** A linear field, which trilinear interpolation reproduces exactly wherever it has neighbours. */
const field = ([x, y, z]: Vector3) => 3 * x - 5 * y + 7 * z;
const shape = [6, 8, 10] as const;

/** Samples the field on a grid whose slice k lies at `places[k]` mm along the third axis. */
const sampled = (direction: Matrix3, spacing: Vector3, places?: readonly number[]): Volume => {
  const origin: Vector3 = [-12, 7, 30];
  const voxels = new Int16Array(480);
  for (let k = 0, at = 0; k < 6; k++)
    for (let j = 0; j < 8; j++)
      for (let i = 0; i < 10; i++, at++) {
        const along: Vector3 = [i * spacing[0], j * spacing[1], places?.[k] ?? k * spacing[2]];
        const world = direction.map(
          (row, n) => origin[n]! + row[0] * along[0] + row[1] * along[1] + row[2] * along[2],
        ) as unknown as Vector3;
        voxels[at] = Math.round(field(world));
      }
  return buildVolume(shape, voxels, { spacing, origin, direction, uid: 'field' });
};

/** Largest difference of a voxel from the field at its position, except voxels equal to `outside`, and their number. */
const departures = (volume: Volume, outside = -1000) => {
  let worst = 0;
  let left = 0;
  const [slices, rows, columns] = volume.shape;
  for (let k = 0, at = 0; k < slices; k++)
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++, at++) {
        if (volume.voxels[at] === outside) left++;
        else worst = Math.max(worst, Math.abs(volume.voxels[at]! - field(indexToWorld(volume, indexIRC(k, j, i)))));
      }
  return { worst, left };
};

describe('resampling to a spacing', () => {
  it('keeps the first voxel and the axes, and each extent within half a voxel', () => {
    const flipped: Matrix3 = [
      [0, -1, 0],
      [1, 0, 0],
      [0, 0, -1],
    ];
    const volume = sampled(flipped, [2, 2, 3]);
    const spacing: Vector3 = [1.5, 3, 1];
    const result = resampleVolume(volume, spacing);
    expect(result).toMatchObject({ spacing, origin: volume.origin, direction: flipped, uid: 'field' });
    for (const axis of [0, 1, 2]) {
      const extent = (one: Volume) => one.shape[2 - axis]! * one.spacing![axis]!;
      expect(Math.abs(extent(result) - extent(volume))).toBeLessThanOrEqual(spacing[axis]! / 2);
    }
    expect(result.voxels[0]).toBe(volume.voxels[0]);
  });

  it('reproduces a linear field to half a level between the outermost centres, and repeats the outermost values beyond', () => {
    const result = resampleVolume(sampled(identityDirection, [2, 2, 3]), [1, 1, 1.5]);
    const [slices, rows, columns] = result.shape;
    expect([slices, rows, columns]).toEqual([12, 16, 20]);
    const inner = { ...result, shape: [11, rows, columns] as const };
    expect(result.voxels[19]).toBe(result.voxels[18]);
    let worst = 0;
    for (let k = 0; k < 11; k++)
      for (let j = 0; j < 15; j++)
        for (let i = 0; i < 19; i++) {
          const value = result.voxels[(k * rows + j) * columns + i]!;
          worst = Math.max(worst, Math.abs(value - field(indexToWorld(inner, indexIRC(k, j, i)))));
        }
    expect(worst).toBeLessThanOrEqual(0.5);
  });

  it('changes nothing for the current spacing, and gives only labels of the mask', () => {
    const volume = sampled(identityDirection, [2, 2, 3]);
    expect(resampleVolume(volume, [2, 2, 3])).toBe(volume);
    const mask: MaskVolume = { ...volume, voxels: Uint8Array.from(volume.voxels, (_, k) => (k % 7 === 0 ? 4 : 0)) };
    const fine = resampleMask(mask, [1, 1, 1]);
    expect(fine.shape).toEqual([18, 16, 20]);
    expect(new Set(fine.voxels)).toEqual(new Set([0, 4]));
  });

  it('gives labels the nearest voxel, the later of two equally near ones, and the last one beyond', () => {
    const volume = sampled(identityDirection, [2, 2, 3]);
    const mask: MaskVolume = { ...volume, voxels: Uint8Array.from(volume.voxels, (_, k) => (k * 37) % 251) };
    const { shape: size, voxels } = resampleMask(mask, [1.5, 1, 4]);
    const nearest = (at: number, ratio: number, length: number) => Math.min(length - 1, Math.floor(at * ratio + 0.5));
    const expected = Array.from(voxels, (_, at) => {
      const [k, j, i] = [Math.floor(at / (size[1] * size[2])), Math.floor(at / size[2]) % size[1], at % size[2]];
      return mask.voxels[(nearest(k, 4 / 3, 6) * 8 + nearest(j, 0.5, 8)) * 10 + nearest(i, 0.75, 10)];
    });
    expect(size).toEqual([5, 16, 13]);
    expect([...voxels]).toEqual(expected);
  });

  it('refuses a spacing of zero, an unknown one, and a grid beyond memory', () => {
    const volume = sampled(identityDirection, [2, 2, 3]);
    const code = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };
    expect(code(() => resampleVolume(volume, [0, 1, 1]))).toBe('resample');
    expect(code(() => resampleVolume(volume, [Number.NaN, 1, 1]))).toBe('resample');
    expect(code(() => resampleVolume({ ...volume, spacing: null }, [1, 1, 1]))).toBe('spacing-unknown');
    expect(code(() => resampleVolume(volume, [1e-4, 1e-4, 1e-4]))).toBe('resample');
  });

  const python = pythonInterpreter();
  it.skipIf(python === null)('equals SimpleITK to one level (skipped without the Python peers)', async () => {
    const voxels = Int16Array.from({ length: 480 }, (_, k) => ((k * 7919) % 2003) - 1000);
    const volume = { ...sampled(identityDirection, [2, 2, 3]), voxels };
    const result = resampleVolume(volume, [2.6, 1.7, 3.3]);
    const program = `
import json, sys, numpy as np, SimpleITK as sitk
given = json.load(sys.stdin)
image = sitk.GetImageFromArray(np.array(given["voxels"], np.int16).reshape(6, 8, 10))
image.SetSpacing((2, 2, 3)); image.SetOrigin((-12, 7, 30))
image = sitk.Resample(image, given["size"], sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), given["spacing"], image.GetDirection(), -1000)
print(json.dumps(sitk.GetArrayFromImage(image).flatten().tolist()))`;
    const input = JSON.stringify({
      voxels: [...voxels],
      size: result.shape.toReversed(),
      spacing: result.spacing,
    });
    const { stdout, stderr } = spawnSync(python as string, ['-c', program], { input, encoding: 'utf8' });
    expect(stderr).toBe('');
    const theirs = JSON.parse(stdout) as number[];
    expect(theirs).toHaveLength(result.voxels.length);
    // Only the rounding of exact halves may differ.
    expect(Math.max(...theirs.map((value, at) => Math.abs(value - result.voxels[at]!)))).toBeLessThanOrEqual(1);
  });
});

const tilted: Matrix3 = [
  [1, 0, 0],
  [0, 1, Math.sin(0.3)],
  [0, 0, Math.cos(0.3)],
];
const places = [0, 2, 4.5, 7, 12, 14];
const imageOf = (volume: Volume, slicePositions?: number[]): ImageFile => ({
  ...volume,
  values: volume.voxels,
  slope: 1,
  intercept: 0,
  directionField: 'TransformMatrix',
  notes: [],
  ...(slicePositions && { slicePositions }),
});

const asIs = { resample: false, fillGaps: false };
const straightened = { resample: true, fillGaps: false };

describe('a scan with sheared axes or uneven slices', () => {
  it.each([
    ['gantry tilt', tilted, undefined],
    ['uneven slices', identityDirection, places],
    ['both', tilted, places],
    ['both, with the slices against their normal', tilted.map(([a, b, c]) => [a, b, -c]) as unknown as Matrix3, places],
  ])('resampled to a regular grid keeps every value at its position: %s', (_what, direction, positions) => {
    const volume = sampled(direction, [2, 2, 2.5], positions);
    const result = straightenVolume('a', volume, { ...volume, ...(positions && { slicePositions: positions }) });
    expect(checkGrid('a', imageOf(result), asIs)).toBe(true);
    const { worst, left } = departures(result);
    // Half a level for the file's rounding, half for ours; at the rim the outermost value covers half a voxel.
    expect(worst).toBeLessThanOrEqual(1 + 0.5 * (3 * 2 + 5 * 2 + 7 * 5));
    expect(left).toBeLessThan(result.voxels.length / 2);
    const inner = (one: number, length: number) => one > 1 && one < length - 2;
    let worstInside = 0;
    let inside = 0;
    const [slices, rows, columns] = result.shape;
    for (let k = 0, at = 0; k < slices; k++)
      for (let j = 0; j < rows; j++)
        for (let i = 0; i < columns; i++, at++) {
          if (!inner(k, slices) || !inner(j, rows) || !inner(i, columns)) continue;
          if (result.voxels[at] === -1000 || result.voxels[at - columns] === -1000) continue;
          if (result.voxels[at + columns] === -1000) continue;
          inside++;
          worstInside = Math.max(
            worstInside,
            Math.abs(result.voxels[at]! - field(indexToWorld(result, indexIRC(k, j, i)))),
          );
        }
    expect(inside).toBeGreaterThan(20);
    expect(worstInside).toBeLessThanOrEqual(1.001);
  });

  it('is refused with the figures unless it is to be resampled; axes in one plane are refused always', () => {
    const volume = sampled(tilted, [2, 2, 2.5], places);
    expect(() => checkGrid('a.dcm', imageOf(volume), asIs)).toThrow(
      /TransformMatrix .* deviate from orthonormal by 0\.296/,
    );
    expect(() => checkGrid('a.dcm', imageOf({ ...volume, direction: identityDirection }, places), asIs)).toThrow(
      /found slices 3 and 4 \(counted from 0\) 5\.000 mm apart, expected 2\.500 mm, the median/,
    );
    expect(checkGrid('a.dcm', imageOf(volume, places), straightened)).toBe(false);
    for (const third of [
      [0, 1, 0],
      [Number.NaN, 0, 1],
    ]) {
      const direction = [0, 1, 2].map((row) => [+(row === 0), +(row === 1), third[row]]) as unknown as Matrix3;
      expect(() => checkGrid('a.dcm', imageOf({ ...volume, direction }), straightened)).toThrow(
        /deviate from orthonormal/,
      );
    }
  });

  it('keeps labels as they are, with nothing outside', () => {
    const volume = sampled(tilted, [2, 2, 2.5]);
    const mask: MaskVolume = { ...volume, voxels: new Uint8Array(480).fill(3) };
    const result = straightenMask('a', mask, mask);
    const threes = result.voxels.filter((label) => label === 3).length * 2 * 2 * result.spacing![2];
    expect(new Set(result.voxels)).toEqual(new Set([0, 3]));
    // A shear keeps the volume in mm³.
    expect(threes / (480 * 2 * 2 * 2.5 * Math.cos(0.3))).toBeCloseTo(1, 1);
  });

  it('is read from a file with `resample`, and refused without it', async () => {
    const volume = sampled(tilted, [2, 2, 2.5]);
    const lines = [
      'ObjectType = Image',
      'NDims = 3',
      `TransformMatrix = ${[0, 1, 2].map((axis) => tilted.map((row) => row[axis]).join(' ')).join(' ')}`,
      'Offset = -12 7 30',
      'ElementSpacing = 2 2 2.5',
      'DimSize = 10 8 6',
      'Modality = MET_MOD_CT',
    ];
    const file = async (name: string, type: string, values: Int16Array | Uint8Array) => {
      const header = [...lines, `ElementType = ${type}`, 'ElementDataFile = LOCAL', ''].join('\n');
      await writeFile(join(folder, name), Buffer.concat([Buffer.from(header), Buffer.from(values.buffer)]));
      return join(folder, name);
    };
    const scan = await file('tilted.mha', 'MET_SHORT', volume.voxels);
    const mask = await file('tilted-mask.mha', 'MET_UCHAR', new Uint8Array(480).fill(1));
    await expect(readVolume(scan)).rejects.toMatchObject({ code: 'scan-axes' });
    await expect(readMask(mask)).rejects.toMatchObject({ code: 'scan-axes' });
    const read = await readVolume(scan, { resample: true });
    expect(read.voxels).toEqual(straightenVolume('a', volume, volume).voxels);
    expect((await readMask(mask, { resample: true })).shape).toEqual(read.shape);
  });
});
