import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dicomBytes, type Fields } from '../../../support/dicomBytes.mjs';
import { ramp, read, scratch, series, shifted, stack } from '../../../support/dicomSeries.js';
import { enhancedFields } from '../../../support/enhancedCt.js';

const all = (fields: Fields) => series({ over: () => fields });

describe('a RescaleSlope of 0', () => {
  it('is read as 1, as ITK does, with a note', async () => {
    const { voxels, notes, volume } = await read(await all({ RescaleSlope: 0 }));
    expect(voxels).toEqual(shifted);
    expect(volume.intensity).toBe('hu');
    expect(notes).toEqual([
      expect.stringContaining('RescaleSlope (0028,1053) is 0 in 5 of 5 slices, read as 1, as ITK does'),
    ]);
  });

  it.each(['0.0', '-0', '0E+00', '  0 '])('as %j', async (text) => {
    expect((await read(await all({ RescaleSlope: text }))).voxels).toEqual(shifted);
  });

  it('in some slices counts those', async () => {
    const { voxels, notes } = await read(await series({ over: (k) => (k < 2 ? { RescaleSlope: 0 } : {}) }));
    expect(voxels).toEqual(shifted);
    expect(notes[0]).toContain('is 0 in 2 of 5 slices');
  });

  it('in the functional groups of an Enhanced CT', async () => {
    const path = join(scratch(), 'enhanced zero slope.dcm');
    writeFileSync(path, dicomBytes(enhancedFields(stack, { rescale: () => [0, -1024] })));
    const { voxels, notes } = await read(path);
    expect(voxels).toEqual(shifted);
    expect(notes[0]).toContain('is 0 in 5 of 5 slices');
  });

  it.each(['nan', 'inf', '1e999', 'one', '1\\2'])('but not %j, which is refused', async (text) => {
    await expect(read(await all({ RescaleSlope: text }))).rejects.toThrow(/tag RescaleSlope \(0028,1053\)/);
  });
});

describe('the modality of a series', () => {
  const ctImage = '1.2.840.10008.5.1.4.1.1.2';
  const other = '1.2.840.10008.5.1.4.1.1.128';
  it.each<[string, Fields, 'hu' | 'arbitrary', string | null]>([
    ['ct', { Modality: 'ct' }, 'hu', null],
    ['Ct with spaces', { Modality: ' Ct  ' }, 'hu', null],
    ['none, of the class of CT images', { Modality: undefined, SOPClassUID: ctImage }, 'hu', 'its class is of a CT'],
    ['empty', { Modality: '', SOPClassUID: ctImage }, 'hu', 'it has no valid modality, but its class is of a CT'],
    [
      'none, of another class',
      { Modality: undefined, SOPClassUID: other },
      'arbitrary',
      "it has no valid modality, so the values are assumed to be 'arbitrary'",
    ],
    ['OT', { Modality: 'OT' }, 'arbitrary', "its modality is OT, so the values are assumed to be 'arbitrary'"],
    ['OT in HU', { Modality: 'OT', RescaleType: 'HU' }, 'hu', 'its modality is OT, but its RescaleType is HU'],
    ['MR', { Modality: 'MR' }, 'arbitrary', "its modality is MR, so the values are not HU ('arbitrary')"],
    ['mr "in HU"', { Modality: 'mr', RescaleType: 'HU' }, 'arbitrary', 'its modality is MR, so the values are not HU'],
    ['PT', { Modality: 'PT', RescaleSlope: 2 }, 'arbitrary', 'its modality is PT, so the values are not HU'],
    [
      'CT that GDCM saved as another class',
      { RescaleType: 'US', SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' },
      'hu',
      'RescaleType is US (unspecified): the values are taken as those of a CT',
    ],
    ['CT of another unit', { RescaleType: 'US' }, 'arbitrary', 'the modality is CT, but'],
    ['CT with the unit in lower case', { RescaleType: 'hu' }, 'hu', null],
    ['CT without intercept', { RescaleIntercept: undefined }, 'arbitrary', 'the modality is CT, but'],
  ])('%s', async (_what, fields, intensity, note) => {
    const { volume, notes } = await read(await all(fields));
    expect(volume.intensity).toBe(intensity);
    if (note === null) expect(notes).toEqual([]);
    else expect(notes.join('\n')).toContain(note);
  });

  it('does not repeat a text that is not a modality', async () => {
    const { notes } = await read(await all({ Modality: 'DOE^JANE', RescaleType: 'HU' }));
    expect(notes.join()).not.toMatch(/DOE/i);
  });

  it('is overruled by an explicit intensity', async () => {
    const { volume, voxels } = await read(await all({ Modality: 'OT', RescaleIntercept: 0 }), { intensity: 'hu' });
    expect([volume.intensity, voxels]).toEqual(['hu', [...ramp]]);
  });
});
