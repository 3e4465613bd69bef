import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataSetBytes, dicomBytes, type Fields, implicitLittle, itemsBytes } from '../../support/dicomBytes.mjs';
import { oblique, read, scratch, series, shifted, stack } from '../../support/dicomSeries.js';
import { type EnhancedOptions, enhancedFields } from '../../support/enhancedCt.js';

let made = 0;
const enhanced = async (options: EnhancedOptions = {}, of = stack, syntax?: string): Promise<string> => {
  const path = join(scratch(), `enhanced ${made++}.dcm`);
  await writeFile(path, dicomBytes(enhancedFields(of, options, syntax), syntax));
  return path;
};
const refusal = (over: Fields, options: EnhancedOptions = {}) =>
  enhanced({ ...options, over })
    .then((path) => read(path))
    .then(
      () => expect.unreachable('it was read'),
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );

describe('an Enhanced CT', () => {
  it.each([
    ['straight', stack],
    ['oblique', { ...stack, direction: oblique }],
  ])('gives the volume of its single slices, whatever the order of its frames: %s', async (_name, of) => {
    // Only single slices have an instance UID each.
    const { sliceUids: _, ...single } = (await read(await series({}, of))).volume;
    for (const order of [
      [0, 1, 2, 3, 4],
      [3, 0, 4, 1, 2],
    ]) {
      const { volume } = await read(await enhanced({ order }, of));
      expect(volume).toEqual({ ...single, voxels: volume.voxels });
      expect([...volume.voxels]).toEqual([...single.voxels]);
    }
  });

  it('has its own slope and intercept for each frame', async () => {
    const { voxels, volume } = await read(await enhanced({ rescale: (k) => [k + 1, -10 * k] }));
    const [, rows, columns] = volume.shape;
    expect(voxels).toEqual(
      shifted.map((hu, n) => {
        const k = Math.floor(n / (rows * columns));
        return (hu + 1024) * (k + 1) - 10 * k;
      }),
    );
    expect(volume.intensity).toBe('hu');
  });

  it('is read from a folder too, beside other series', async () => {
    const dir = await series();
    await writeFile(join(dir, 'all.dcm'), dicomBytes(enhancedFields(stack, { over: { SeriesInstanceUID: '1.2.9' } })));
    const { voxels } = await read(dir, { series: '1.2.9' });
    expect(voxels).toEqual(shifted);
  });

  it('with a missing slice is refused as unevenly spaced, with the figures', async () => {
    await expect(enhanced({ order: [0, 1, 3, 4] }).then((path) => read(path))).rejects.toThrow(
      /slices 1 and 2 \(counted from 0\) 5\.000 mm apart, expected 2\.500 mm/,
    );
  });

  it.each<[string, Fields, RegExp]>([
    [
      'part of a concatenation',
      { '(0020,9161) UI': '1.2.3.9' },
      /^dicom-frames: reading .*: it is part of a concatenation \(ConcatenationUID \(0020,9161\)\), expected an Enhanced CT in one file/,
    ],
    [
      'fewer groups than frames',
      { NumberOfFrames: 6 },
      /^dicom-frames: .*PerFrameFunctionalGroupsSequence \(5200,9230\) has 5 items for 6 frames/,
    ],
    [
      'half a frame',
      { NumberOfFrames: '5.5' },
      /^dicom-tag: .*NumberOfFrames \(0028,0008\) is 5\.5, expected a whole number/,
    ],
    [
      'no orientation',
      { '(5200,9229) SQ': undefined },
      /^dicom-tag: .*PlaneOrientationSequence \(0020,9116\) is missing/,
    ],
    [
      'fewer pixels than frames',
      { PixelData: Buffer.alloc(60) },
      /^dicom-pixels: .*it has 60 bytes, expected 120 bytes/,
    ],
    [
      'a Nuclear Medicine image',
      { SOPClassUID: '1.2.840.10008.5.1.4.1.1.20' },
      /^dicom-frames: .*it is a Nuclear Medicine image of 5 frames \(NumberOfFrames \(0028,0008\)\), expected a CT of single slices or an Enhanced CT/,
    ],
    [
      'an Ultrasound image',
      { SOPClassUID: '1.2.840.10008.5.1.4.1.1.3.1' },
      /^dicom-frames: .*it is an Ultrasound multi-frame image of 5 frames/,
    ],
    [
      'an Enhanced MR image',
      { SOPClassUID: '1.2.840.10008.5.1.4.1.1.4.1' },
      /^dicom-frames: .*it is an Enhanced MR image of 5 frames/,
    ],
    [
      'a plain CT of several frames',
      { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' },
      /^dicom-frames: .*an image of 5 frames/,
    ],
    [
      'localizers',
      {
        '(5200,9230) SQ': itemsBytes(
          Array.from({ length: 5 }, () =>
            dataSetBytes({
              '(0018,9329) SQ': itemsBytes([dataSetBytes({ '(0008,9007) CS': ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] })]),
            }),
          ),
        ),
      },
      /^dicom-frames: .*some of its frames are localizers \(FrameType \(0008,9007\)\)/,
    ],
  ])('is refused with the reason: %s', async (_, over, message) => {
    expect(await refusal(over)).toMatch(message);
  });

  it('names neither patient nor description in an error', async () => {
    expect(await refusal({ NumberOfFrames: 6 })).not.toMatch(/planted|felicitas/i);
  });

  it('with implicit value representations is the same volume', async () => {
    const { voxels } = await read(await enhanced({}, stack, implicitLittle));
    expect(voxels).toEqual(shifted);
  });
});
