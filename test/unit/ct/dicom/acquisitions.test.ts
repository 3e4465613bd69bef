import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../support/dicomBytes.mjs';
import { ramp, read, series, shifted, stack, writeSeries } from '../../../support/dicomSeries.js';

const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

/** Two phases of `stack`; the voxels of the second are larger by 1. */
const phases = async (first: (k: number) => Fields, second: (k: number) => Fields): Promise<string> => {
  const dir = await series({ over: first });
  const later = { ...stack, stored: ramp.map((value) => value + 1) };
  const name = (k: number) => `later ${k}`;
  return writeSeries(dir, later, { name, over: (k) => ({ SOPInstanceUID: `1.2.8.${k}`, ...second(k) }) });
};
const secondVoxels = shifted.map((value) => value + 1);

const listOf = (dir: string): Promise<string> =>
  read(dir).then(
    () => 'it was read',
    (error) => `${error.code}: ${error.message}`,
  );

describe('several acquisitions of the same slices', () => {
  it.each<[string, Fields, Fields, string[], RegExp]>([
    [
      'AcquisitionNumber',
      { '(0020,0012) IS': 2, '(0008,0032) TM': '101500', '(0018,1210) SH': 'B30f' },
      { '(0020,0012) IS': 7, '(0008,0032) TM': '101530.50', '(0018,1210) SH': 'B70f' },
      ['2', '7'],
      /\(2: 5 slices, kernel B30f, at 0 s; 7: 5 slices, kernel B70f, at 30\.5 s\)/,
    ],
    [
      'TemporalPositionIdentifier',
      { '(0020,0100) IS': 1 },
      { '(0020,0100) IS': 2 },
      ['1', '2'],
      /\(1: 5 slices; 2: 5 slices\)/,
    ],
    [
      'the b-value',
      { '(0018,9087) FD': double(50) },
      { '(0018,9087) FD': double(800) },
      ['1', '2'],
      /\(1: 5 slices, b-value 50; 2: 5 slices, b-value 800\)/,
    ],
    [
      'contrast',
      { '(0018,0010) LO': undefined },
      { '(0018,0010) LO': 'Planted agent' },
      ['1', '2'],
      /\(1: 5 slices, no contrast agent; 2: 5 slices, contrast agent yes\)/,
    ],
    [
      'the kernel',
      { '(0018,1210) SH': 'LUNG' },
      { '(0018,1210) SH': 'STANDARD' },
      ['1', '2'],
      /1: 5 slices, kernel LUNG/,
    ],
    ['the time', { '(0008,0032) TM': '235958' }, { '(0008,0032) TM': '235959' }, ['1', '2'], /at 0 s; 2: .* at 1 s/],
  ])('are listed and chosen by %s', async (_what, first, second, [one, two], list) => {
    const dir = await phases(
      () => first,
      () => second,
    );
    const message = await listOf(dir);
    expect(message).toMatch(/^dicom-acquisition: .*the series has 2 acquisitions of the same slices/);
    expect(message).toMatch(list);
    expect(message).toContain('Choose one with --acquisition N, first or last.');
    expect(message).not.toMatch(/planted|1015/i);
    for (const acquisition of ['first', one]) expect((await read(dir, { acquisition })).voxels).toEqual(shifted);
    for (const acquisition of ['last', two]) expect((await read(dir, { acquisition })).voxels).toEqual(secondVoxels);
    expect((await read(dir, { acquisition: 'last' })).notes.join()).toContain(`reading number ${two} with 5 slices`);
    await expect(read(dir, { acquisition: '99' })).rejects.toMatchObject({ code: 'dicom-acquisition' });
  });

  it('that nothing tells apart are refused with figures, whatever is chosen', async () => {
    const dir = await phases(
      () => ({}),
      () => ({}),
    );
    for (const acquisition of [undefined, '1', 'first'])
      await expect(read(dir, { acquisition })).rejects.toMatchObject({
        code: 'dicom-slices',
        message: expect.stringMatching(/5 of 5 positions have several slices/),
      });
  });

  it('may be shifted against each other', async () => {
    const dir = await series({ over: () => ({ '(0020,0012) IS': 1 }) });
    const shiftedStack = { ...stack, origin: [-20, 30.5, -99.2] };
    const over = (k: number) => ({ SOPInstanceUID: `1.2.8.${k}`, '(0020,0012) IS': 2 });
    await writeSeries(dir, shiftedStack, { name: (k) => `b${k}`, over });
    expect(await listOf(dir)).toMatch(/^dicom-acquisition: .*\(1: 5 slices; 2: 5 slices\)/);
    expect((await read(dir, { acquisition: '2' })).volume.origin[2]).toBe(-99.2);
  });

  it('need not be at the same positions: parts of one scan are one volume', async () => {
    const dir = await series({ over: (k) => ({ '(0020,0012) IS': k < 2 ? 1 : 2 }) });
    expect((await read(dir)).voxels).toEqual(shifted);
    const { voxels, notes } = await read(dir, { acquisition: '2' });
    expect(voxels).toEqual(shifted);
    expect(notes.join()).toContain('so acquisition 2 is not looked for');
  });

  it.each(['0x1', '-1', '1.5', '', 'FIRST'])('cannot be chosen by "%s"', async (acquisition) => {
    await expect(read(await series(), { acquisition })).rejects.toThrow(/expected first, last or a number/);
  });
});
