import { describe, expect, it } from 'vitest';
import type { Volume } from '../../../dist/ct/index.js';
import { explicitBig, explicitLittle, type Fields, type Stack } from '../../support/dicomBytes.mjs';
import { count, largest, ramp, read, series, shifted, stack } from '../../support/dicomSeries.js';

describe('pixels of a DICOM series', () => {
  const of = (stored: Stack['stored'], fields: Fields | ((k: number) => Fields) = {}) =>
    series({ over: typeof fields === 'function' ? fields : () => fields }, { ...stack, stored });
  const values = ({ voxels, scale, offset }: Volume) => Array.from(voxels, (stored) => stored * scale + offset);

  it.each([
    ['8 bit', Uint8Array.from({ length: count }, (_, k) => k * 4)],
    ['8 bit signed', Int8Array.from({ length: count }, (_, k) => k * 4 - 120)],
    ['16 bit', Uint16Array.from({ length: count }, (_, k) => k * 500)],
    ['16 bit signed', Int16Array.from({ length: count }, (_, k) => k * 1000 - 30000)],
    ['32 bit', Uint32Array.from({ length: count }, (_, k) => k * 500) as unknown as Int32Array],
    ['32 bit signed', Int32Array.from({ length: count }, (_, k) => k * 500 - 2000)],
  ])('are exact: %s', async (_name, stored) => {
    for (const syntax of [explicitLittle, explicitBig]) {
      const dir = await series({ syntax, over: () => ({ RescaleIntercept: -1000 }) }, { ...stack, stored });
      const { volume } = await read(dir);
      expect([volume.scale, volume.offset]).toEqual([1, 0]);
      expect([...volume.voxels]).toEqual(Array.from(stored, (value) => value - 1000));
    }
  });

  it('of 12 bits lose the other four bits and keep their sign', async () => {
    const expected = Array.from({ length: count }, (_, k) => k * 60 - 1800);
    const garbage = (k: number) => (k * 7) % 16;
    const signed = Uint16Array.from(expected, (value, k) => (value & 0xfff) | (garbage(k) << 12));
    const twelve = { BitsStored: 12, HighBit: 11 };
    expect((await read(await of(signed, { ...twelve, PixelRepresentation: 1, RescaleIntercept: 0 }))).voxels).toEqual(
      expected,
    );
    const unsigned = Uint16Array.from(expected, (value, k) => (value + 1800) | (garbage(k) << 12));
    expect((await read(await of(unsigned, { ...twelve, RescaleIntercept: -1800 }))).voxels).toEqual(expected);
    const high = Uint16Array.from(expected, (value, k) => ((value & 0xfff) << 4) | garbage(k));
    const shiftedUp = { BitsStored: 12, HighBit: 15, PixelRepresentation: 1, RescaleIntercept: 0 };
    expect((await read(await of(high, shiftedUp))).voxels).toEqual(expected);
    // The same where they are not converted to int16.
    const half = await read(
      await of(signed, { ...twelve, PixelRepresentation: 1, RescaleIntercept: 0, RescaleSlope: 0.5 }),
    );
    expect(
      largest(
        values(half.volume),
        expected.map((value) => value / 2),
      ),
    ).toBeLessThanOrEqual((59 * 30) / 65535);
  });

  it('are rescaled per slice: exactly where slope and intercept are whole, else to range / 65,535', async () => {
    const whole = (k: number): Fields => ({ RescaleSlope: k + 1, RescaleIntercept: 10 - 3 * k });
    const expected = (slope: (k: number) => number, intercept: (k: number) => number) =>
      Array.from(ramp, (stored, k) => stored * slope(Math.floor(k / 12)) + intercept(Math.floor(k / 12)));
    const exact = await read(await of(ramp, whole));
    expect([exact.volume.scale, exact.volume.offset]).toEqual([1, 0]);
    expect(exact.voxels).toEqual(
      expected(
        (k) => k + 1,
        (k) => 10 - 3 * k,
      ),
    );
    const broken = (k: number): Fields => ({ RescaleSlope: 0.3 + 0.1 * k, RescaleIntercept: -0.5 });
    const near = await read(await of(ramp, broken));
    const theirs = expected(
      (k) => 0.3 + 0.1 * k,
      () => -0.5,
    );
    expect(largest(values(near.volume), theirs)).toBeLessThanOrEqual((Math.max(...theirs) + 0.5) / 65535);
    expect(near.notes).toEqual([expect.stringContaining('int16 cannot hold')]);
  });

  it('keep padding where int16 can hold it, else it becomes air', async () => {
    const signed = Int16Array.from(ramp, (value, k) => (k % 7 === 0 ? -2000 : value));
    const kept = await read(await of(signed, { PixelPaddingValue: -2000 }));
    expect(kept.voxels).toEqual(Array.from(signed, (value) => value - 1024));
    const unsigned = Uint16Array.from(ramp, (value, k) => (k % 7 === 0 ? 65535 : value));
    const air = await read(await of(unsigned, { PixelPaddingValue: 65535 }));
    expect(air.voxels).toEqual(shifted.map((value, k) => (k % 7 === 0 ? -1024 : value)));
    expect(air.notes).toEqual([
      expect.stringMatching(/9 voxels of padding, which int16 cannot hold, are set to -1024 HU/),
    ]);
    const unnamed = await read(await of(unsigned));
    expect(values(unnamed.volume)).toEqual(Array.from(unsigned, (value) => value - 1024));
    // A padding value that no pixel has makes no difference.
    expect((await read(await of(ramp, { PixelPaddingValue: 63536 }))).voxels).toEqual(shifted);
  });

  it("are 'hu' for a CT with a rescale in HU, else 'arbitrary'", async () => {
    const intensity = async (fields: Fields) => (await read(await of(ramp, fields))).volume.intensity;
    expect(await intensity({})).toBe('hu');
    expect(await intensity({ RescaleType: 'HU' })).toBe('hu');
    expect(await intensity({ RescaleType: 'US' })).toBe('arbitrary');
    expect(await intensity({ Modality: 'PT' })).toBe('arbitrary');
    expect(await intensity({ Modality: 'MR', RescaleSlope: undefined, RescaleIntercept: undefined })).toBe('arbitrary');
    const unknown = await read(await of(ramp, { RescaleSlope: undefined, RescaleIntercept: undefined }));
    expect(unknown.volume.intensity).toBe('arbitrary');
    expect(unknown.voxels).toEqual([...ramp]);
    expect(unknown.notes).toEqual([
      expect.stringMatching(/RescaleIntercept are missing .* Set intensity to override\./),
    ]);
  });
});
