import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { connectedComponents, indexIRC, worldToIndex } from '../../../dist/ct/index.js';
import { type PhantomOptions, synthesize } from '../../../dist/phantom/index.js';

const small: Omit<PhantomOptions, 'seed'> = { size: [40, 96, 96], spacing: [3.2, 3.2, 3] };
const spacious = synthesize({ seed: 4, level: 'standard' });

const valueAt = ({ voxels, shape }: typeof spacious.volume, i: number, r: number, c: number) =>
  voxels[(i * shape[1] + r) * shape[2] + c]!;

const hash = (data: Int16Array | Uint8Array) => createHash('sha256').update(data).digest('hex');

describe('a phantom', () => {
  it('is the same for the same seed and differs for another', () => {
    const [a, b, c] = [7, 7, 8].map((seed) => synthesize({ seed, ...small }));
    expect(hash(a!.volume.voxels)).toBe(hash(b!.volume.voxels));
    expect(hash(a!.mask)).toBe(hash(b!.mask));
    expect(a!.nodules).toEqual(b!.nodules);
    expect(hash(a!.volume.voxels)).not.toBe(hash(c!.volume.voxels));
  });

  it('has one component of the mask per nodule, around its centre', () => {
    const { volume, mask, nodules } = spacious;
    const { components } = connectedComponents(mask, volume.shape, 26);
    expect(components.map(({ voxels }) => voxels).sort()).toEqual(nodules.map(({ voxels }) => voxels).sort());
    for (const { center, voxels } of nodules) {
      const own = components.find((component) => component.voxels === voxels)!;
      const at = worldToIndex(volume, center);
      for (const axis of [0, 1, 2]) expect(own.centerIRC[axis]).toBeCloseTo(at[axis]!, 6);
    }
  });

  it('reports the diameter of the sphere with the volume of the mask', () => {
    for (const { diameterMm, voxels } of spacious.nodules) {
      const ofMask = 2 * Math.cbrt((3 * voxels * 1.3 * 1.3 * 2.4) / (4 * Math.PI));
      expect(Math.abs(diameterMm - ofMask)).toBeLessThan(0.06 * diameterMm + 0.2);
    }
  });

  it('looks like a chest in HU: air around, soft tissue in the heart, air-filled lungs, bone', () => {
    const { volume } = spacious;
    const near = (x: number, y: number, z: number) => {
      const [i, r, c] = worldToIndex(volume, [x, y, z] as never).map(Math.round) as [number, number, number];
      let sum = 0;
      for (let d = 0; d < 9; d++) sum += valueAt(volume, i, r + Math.floor(d / 3) - 1, c + (d % 3) - 1);
      return sum / 9;
    };
    expect(valueAt(volume, 0, 0, 0)).toBeLessThan(-900);
    expect(near(22, -28, -50)).toBeGreaterThan(0);
    expect(near(22, -28, -50)).toBeLessThan(90);
    const sorted = Int16Array.from(volume.voxels).sort();
    expect(sorted[Math.floor(sorted.length * 0.9999)]).toBeGreaterThan(500);
    const lung = sorted.filter((hu) => hu > -930 && hu < -760).length;
    expect((lung * 1.3 * 1.3 * 2.4) / 1e6).toBeGreaterThan(1.2);
  });

  it('has nodules brighter than the lung around them, solid ones like soft tissue', () => {
    const { volume, nodules } = synthesize({ seed: 20, nodules: 8 });
    for (const { center, kind, diameterMm } of nodules) {
      const [i, r, c] = worldToIndex(volume, center).map(Math.round) as [number, number, number];
      const around = Array.from({ length: 9 }, (_, d) =>
        valueAt(volume, i, r + Math.floor(d / 3) - 1, c + (d % 3) - 1),
      );
      // The median, because a vessel may run through ground glass.
      const hu = around.sort((a, b) => a - b)[4]!;
      expect(hu).toBeGreaterThan(-750);
      if (kind === 'solid' && diameterMm > 8) expect(hu).toBeGreaterThan(-150);
    }
  });

  it('has as many whole nodules as requested, and none for 0', () => {
    const phantom = synthesize({ seed: 5, nodules: 6 });
    expect(phantom.nodules).toHaveLength(6);
    const [slices, rows, columns] = phantom.volume.shape;
    const { components } = connectedComponents(phantom.mask, phantom.volume.shape, 26);
    for (const { low, high } of components) {
      expect(Math.min(...low)).toBeGreaterThan(0);
      expect(high[0] < slices - 1 && high[1] < rows - 1 && high[2] < columns - 1).toBe(true);
    }
    expect(synthesize({ seed: 5, nodules: 0, size: [8, 64, 64], spacing: [5, 5, 5] }).mask.every((v) => v === 0)).toBe(
      true,
    );
  });

  it('names the wrong option', () => {
    expect(() => synthesize({ seed: -1 })).toThrow('making a phantom: seed: Too small');
    expect(() => synthesize({ seed: 1, size: [0, 64, 64] })).toThrow('making a phantom: size.0');
    expect(() => synthesize({ seed: 1, level: 'easier' as never })).toThrow('making a phantom: level');
  });

  it('is centred at the world origin', () => {
    const { volume } = spacious;
    const [slices, rows, columns] = volume.shape;
    const middle = worldToIndex(volume, [0, 0, 0] as never);
    expect(middle).toEqual(indexIRC((slices - 1) / 2, (rows - 1) / 2, (columns - 1) / 2));
  });
});
