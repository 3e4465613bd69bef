import { describe, expect, it } from 'vitest';
import type { Values } from '../../../../dist/ct/imageFile/elementType.js';
import { toInt16 } from '../../../../dist/ct/imageFile/toInt16.js';
import { identityDirection } from '../../../../dist/ct/index.js';

type Known = 'hu' | 'arbitrary' | null;

const stored = (values: Values, intensity: Known = null, slope = 1, intercept = 0) =>
  toInt16(
    'scan',
    {
      values,
      slope,
      intercept,
      shape: [1, 1, values.length],
      spacing: [1, 1, 1],
      origin: [0, 0, 0],
      direction: identityDirection,
      directionField: 'none',
      intensity,
      uid: 'scan',
      notes: [],
    },
    intensity,
  );
const valuesOf = ({ voxels, scale, offset }: ReturnType<typeof stored>): number[] =>
  Array.from(voxels, (voxel) => voxel * scale + offset);

/** `count` whole values from -1000 to 999, with these in front. */
const scan = (count: number, ...first: number[]): Float64Array =>
  Float64Array.from({ length: count }, (_, k) => first[k] ?? (k % 2000) - 1000);
const plain = (count: number): number[] => Array.from(scan(count));

describe('values beyond int16', () => {
  it.each<[string, number[], number[], string[]]>([
    ['one of 1e10', [1e10], [32767], ['1 voxel above 32767 (0.017 %, up to 10000000000) was clipped to 32767']],
    [
      'three',
      [40000, 1e10, 50000],
      [32767, 32767, 32767],
      ['3 voxels above 32767 (0.05 %, up to 10000000000) were clipped'],
    ],
    [
      'on both sides',
      [-1e10, 1e10, 1e300],
      [-32768, 32767, 32767],
      ['2 voxels above 32767', '1 voxel below -32768 (0.017 %, up to -10000000000) was clipped to -32768'],
    ],
    ['just above', [32768], [32767], ['1 voxel above 32767 (0.017 %, up to 32768)']],
  ])('that are rare are clipped with their number: %s', (_what, outliers, clipped, notes) => {
    const result = stored(scan(6000, ...outliers));
    expect([result.scale, result.offset, result.min, result.max]).toEqual([1, 0, -1000, 999]);
    expect(Array.from(result.voxels)).toEqual([...clipped, ...plain(6000).slice(outliers.length)]);
    expect(result.notes).toEqual(notes.map((note) => expect.stringContaining(note)));
  });

  it.each([
    ['float32', Float32Array],
    ['int32', Int32Array],
    ['uint32', Uint32Array],
  ] as const)('are clipped in %s', (_name, Type) => {
    const values = Type.from({ length: 500 }, (_, k) => (k === 7 ? 2_000_000_000 : k));
    const { voxels, scale, notes } = stored(values);
    expect([voxels[7], voxels[499], scale]).toEqual([32767, 499, 1]);
    expect(notes[0]).toMatch(/^1 voxel above 32767 \(0\.2 %, up to 2000000000\)/);
  });

  it('are clipped in int64, and after the slope of the file', () => {
    const big = BigInt64Array.from({ length: 500 }, (_, k) => (k === 7 ? 10n ** 15n : BigInt(k)));
    expect(stored(big).voxels[7]).toBe(32767);
    const sloped = stored(
      Int16Array.from({ length: 500 }, (_, k) => (k === 7 ? 32767 : k)),
      'hu',
      2,
      -1024,
    );
    expect([sloped.voxels[7], sloped.voxels[8], sloped.scale]).toEqual([32767, 8 * 2 - 1024, 1]);
  });

  it('leave the scale of fractions to the other values', () => {
    const result = stored(Float32Array.from({ length: 4000 }, (_, k) => (k === 0 ? 1e10 : k * 0.5 - 1000.25)));
    expect(result.max).toBe(999.25);
    expect(result.notes).toEqual(['1 voxel above 32767 (0.025 %, up to 10000000000) was clipped to 999.25']);
    const far = valuesOf(result).map((value, k) => Math.abs(value - (k === 0 ? 999.25 : k * 0.5 - 1000.25)));
    expect(Math.max(...far)).toBeLessThan(2000 / 65535);
  });

  it('of one value on part of a small image are clipped as well', () => {
    const result = stored(Float32Array.from([-1000, 1e10, 40, -850, 1e10, 60]));
    expect([...result.voxels]).toEqual([-1000, 32767, 40, -850, 32767, 60]);
  });

  it('that fill the corners of a scan are read as air', () => {
    const values = Float32Array.from({ length: 10_000 }, (_, k) => (k % 5 === 0 ? 1e10 : (k % 2000) - 1000));
    for (const intensity of ['hu', null] as const) {
      const { voxels, scale, offset, notes } = stored(values, intensity);
      expect([scale, offset, voxels[0], voxels[1], voxels[5]]).toEqual([1, 0, -1024, -999, -1024]);
      expect(notes).toEqual(['2000 voxels (20 %) of 10000000000, a fill value, are read as -1024 HU']);
    }
    expect(stored(values, 'arbitrary').voxels[0]).toBe(32767);
  });

  it('that fill the corners as -2000 without sign are read as air', () => {
    const values = Uint16Array.from({ length: 10_000 }, (_, k) => (k % 5 === 0 ? 63536 : k % 2000));
    const { voxels, notes } = stored(values, 'hu', 1, -1024);
    expect([voxels[0], voxels[1]]).toEqual([-1024, -1023]);
    expect(notes).toEqual(['2000 voxels (20 %) of 62512, a fill value, are read as -1024 HU']);
  });

  it('are not outliers where they are many: the range is kept, exactly if 16 bits hold it', () => {
    const shifted = Uint16Array.from({ length: 4000 }, (_, k) => 31768 + (k % 3000));
    const result = stored(shifted, 'arbitrary');
    expect([result.scale, result.notes]).toEqual([1, []]);
    expect(valuesOf(result)).toEqual(Array.from(shifted));
    const wide = Float64Array.from({ length: 4000 }, (_, k) => k * 100);
    const scaled = stored(wide, 'hu');
    expect([scaled.scale, scaled.notes]).toEqual([399_900 / 65535, []]);
  });

  it('of arbitrary images are clipped only where a scale would leave too few levels', () => {
    // The hottest voxels of a PET are rare, and matter.
    const pet = Float32Array.from({ length: 4000 }, (_, k) => (k < 4 ? 60_000.5 : k * 2));
    expect(stored(pet, 'arbitrary')).toMatchObject({ notes: [], max: 60_000.5 });
    const broken = Float32Array.from({ length: 4000 }, (_, k) => (k < 4 ? 1e12 : k * 2));
    expect(stored(broken, 'arbitrary')).toMatchObject({ max: 7998 });
  });

  it('do not hide NaN and infinity, which are refused with their place', () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(() => stored(scan(6000, 1e10, wrong))).toThrow(/voxel \[index 0, row 0, column 1\] is (NaN|-?Infinity)/);
  });

  it('that cannot be scaled at all are refused', () => {
    const values = Float64Array.from({ length: 4000 }, (_, k) => (k % 2 ? 1.7e308 : -1.7e308));
    expect(() => stored(values)).toThrow(/expected a range that can be scaled/);
  });

  it('within int16 are never changed: fill values, metal', () => {
    const values = scan(6000, -32768, 32767, 30000, -2000, -3024);
    const { voxels, notes } = stored(values, 'hu');
    expect([[...voxels], notes]).toEqual([[...values], []]);
  });
});
