import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { indexIRC, indexToWorld, type Matrix3, type Volume, writeMask } from '../../../dist/ct/index.js';
import { readMaskFor } from '../../../dist/labels/readMaskFor.js';
import { NoduleTrainError } from '../../../dist/runtime/error.js';
import { inGolden } from '../../support/paths.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const expected: Record<'nodule' | 'vessel' | 'half' | 'contours', number[]> & {
  shape: [number, number, number];
  spacing: [number, number, number];
  origin: [number, number, number];
  direction: Matrix3;
} = JSON.parse(await readFile(inGolden('dicom-masks', 'expected.json'), 'utf8'));

const { shape, spacing, origin, direction } = expected;
const frameOfReferenceUid = '1.2.826.0.1.3680043.8.498.85961961357120791278626163013069521475';
const scan = buildVolume(shape, 0, { spacing, origin, direction, uid: '1.2.3', frameOfReferenceUid });
const on = async (volume: Volume, file: string, segment?: string | number) => {
  const notes: string[] = [];
  const voxels = await readMaskFor(volume, file, { segment, onNote: (text) => notes.push(text) });
  return { voxels: [...voxels], notes };
};
const refusal = (volume: Volume, file: string, segment?: string | number): Promise<string> =>
  on(volume, file, segment).then(
    () => expect.unreachable('it was read'),
    ({ code, message }: NoduleTrainError) => `${code}: ${message}`,
  );
const file = (name: string) => inGolden('dicom-masks', `${name}.dcm`);

const folder = scratchFolder('dicom-masks');

/** The same scan with its axes reordered and some flipped, and a function that does the same to a mask. */
const turned = (order: readonly [number, number, number], flips: readonly boolean[]) => {
  const start = shape.map((extent, axis) => (flips[axis] ? extent - 1 : 0)) as [number, number, number];
  // Axis 0, of the slices, is column 2 of the direction.
  const axis = (to: number): number[] => direction.map((row) => row[2 - order[to]!]! * (flips[order[to]!] ? -1 : 1));
  const [slow, middle, fast] = [axis(0), axis(1), axis(2)];
  const turnedShape = order.map((from) => shape[from]!) as [number, number, number];
  const grid: Volume = {
    ...scan,
    shape: turnedShape,
    spacing: [2, 1, 0].map((to) => spacing[2 - order[to]!]!) as [number, number, number],
    origin: [...indexToWorld(scan, indexIRC(...start))] as [number, number, number],
    direction: [0, 1, 2].map((row) => [fast[row]!, middle[row]!, slow[row]!]) as unknown as Matrix3,
  };
  const mask = (from: readonly number[]): number[] =>
    Array.from(from, (_, k) => {
      const at = [
        Math.floor(k / (turnedShape[1] * turnedShape[2])),
        Math.floor(k / turnedShape[2]) % turnedShape[1],
        k % turnedShape[2],
      ];
      const original = [0, 0, 0];
      order.forEach((axisOf, to) => {
        original[axisOf] = flips[axisOf] ? shape[axisOf]! - 1 - at[to]! : at[to]!;
      });
      return from[(original[0]! * shape[1] + original[1]!) * shape[2] + original[2]!]!;
    });
  return { grid, mask };
};

describe('a DICOM SEG as the mask of a scan', () => {
  it('reads the voxels that highdicom wrote, by number or label of the segment', async () => {
    expect((await on(scan, file('binary'), 1)).voxels).toEqual(expected.nodule);
    expect((await on(scan, file('binary'), 'Nodule')).voxels).toEqual(expected.nodule);
    expect((await on(scan, file('binary'), '2')).voxels).toEqual(expected.vessel);
    expect((await on(scan, file('one-full'))).voxels).toEqual(expected.nodule);
  });

  it('lists its segments if none is chosen, or one that it lacks', async () => {
    expect(await refusal(scan, file('binary'))).toMatch(
      /^mask-segment: reading the mask .*binary\.dcm: it has 2 segments, and none is chosen: 1 \(Nodule\), 2 \(Vessel\)\. Choose one by its number or label/,
    );
    expect(await refusal(scan, file('binary'), 'Bone')).toMatch(/0 of them match "Bone": 1 \(Nodule\)/);
  });

  it.each(['labelmap', 'labelmap-rle', 'labelmap-16', 'labelmap-16-rle', 'labelmap-16-deflated'])(
    'reads the voxels of a label map that highdicom wrote, by number or label of the segment: %s',
    async (name) => {
      const vessel = name.includes('16') ? 300 : 7;
      expect(await on(scan, file(name), 1)).toEqual({ voxels: expected.nodule, notes: [] });
      expect((await on(scan, file(name), 'Vessel')).voxels).toEqual(expected.vessel);
      expect((await on(scan, file(name), vessel)).voxels).toEqual(expected.vessel);
      // Number 0 is its background.
      expect(await refusal(scan, file(name), 0)).toBe(
        `mask-segment: reading the mask ${file(name)}: it has 2 segments, and 0 of them match 0: 1 (Nodule), ${vessel} ` +
          '(Vessel). Choose one by its number or label (segment).',
      );
    },
  );

  it('reads bits whose frames are deflated one by one', async () => {
    expect((await on(scan, file('binary-deflated'), 1)).voxels).toEqual(expected.nodule);
    expect((await on(scan, file('binary-deflated'), 2)).voxels).toEqual(expected.vessel);
  });

  it.each(['fractional', 'fractional-rle'])('is cut at one half if it is fractional, with a note: %s', async (name) => {
    const { voxels, notes } = await on(scan, file(name));
    expect(voxels).toEqual(expected.half);
    expect(notes).toEqual([
      expect.stringMatching(/is fractional: pixels from half of its maximum \((200|255)\) on belong to the segment$/),
    ]);
  });

  it.each([1, 3, 255])('is cut at one half of any maximum: %i', async (most) => {
    const bytes = await readFile(file('fractional'));
    const maximum = bytes.indexOf(Buffer.from('62000e0055530200c800', 'hex'));
    bytes.writeUInt16LE(most, maximum + 8);
    const pixels = bytes.indexOf(Buffer.from('e07f1000', 'hex')) + 12;
    for (let at = pixels; at < bytes.length; at++) bytes[at] = Math.ceil(most / 2) - (bytes[at]! < 100 ? 1 : 0);
    const path = join(folder, `maximum-${most}.dcm`);
    await writeFile(path, bytes);
    const { voxels, notes } = await on(scan, path);
    expect(voxels).toEqual(expected.half);
    expect(notes).toEqual([expect.stringContaining(`from half of its maximum (${most}) on belong`)]);
  });

  it('is empty, with a note, if all its pixels are below one half, as of 0 and 1 with a maximum of 255', async () => {
    const bytes = await readFile(file('fractional'));
    const pixels = bytes.indexOf(Buffer.from('e07f1000', 'hex')) + 12;
    for (let at = pixels; at < bytes.length; at++) bytes[at] = bytes[at] === 0 ? 0 : 1;
    const path = join(folder, 'ones.dcm');
    await writeFile(path, bytes);
    const { voxels, notes } = await on(scan, path);
    expect(voxels).not.toContain(1);
    expect(notes[1]).toMatch(/: none does, as the largest pixel is 1: the mask is empty$/);
  });

  it.each<[order: [number, number, number], flips: boolean[]]>([
    [
      [0, 1, 2],
      [true, false, false],
    ],
    [
      [0, 1, 2],
      [false, true, true],
    ],
    [
      [2, 1, 0],
      [false, false, false],
    ],
    [
      [1, 2, 0],
      [true, true, false],
    ],
  ])('has the right place on a scan with axes %j, flipped %j', async (order, flips) => {
    const { grid, mask } = turned(order, flips);
    expect((await on(grid, file('binary'), 1)).voxels).toEqual(mask(expected.nodule));
  });

  it("is refused, with the figures, if its grid is not the scan's", async () => {
    const shifted = { ...scan, origin: [origin[0] + 0.2, origin[1], origin[2]] as const };
    expect(await refusal(shifted, file('one-full'))).toMatch(
      /^mask-grid: matching the mask .* pixel \[row 0, column 0\] of frame 1 lies at index \[[-\d., ]+\], 0\.\d+ voxels off the scan's grid, expected the scan's own grid, within 0\.1 voxels/,
    );
    const finer = { ...scan, spacing: [spacing[0] / 2, spacing[1] / 2, spacing[2]] as const };
    expect(await refusal(finer, file('one-full'))).toMatch(
      /is 0\.5 x 0\.75 mm in size, but the scan's voxels are 0\.375 x 0\.25 x 2\.5 mm/,
    );
    const smaller = { ...scan, shape: [2, shape[1], shape[2]] as const };
    expect(await refusal(smaller, file('one-full'))).toMatch(
      /mask-grid: .*\d+ of its \d+ marked pixels lie outside the scan's \[2, 14, 12\] voxels, at \[slice, row, column\] 2, \d+, \d+ to 3, /,
    );
    expect(await refusal({ ...scan, spacing: null }, file('one-full'))).toMatch(/^spacing-unknown/);
  });

  it('is refused if it is cut off or of an unsupported kind', async () => {
    const bytes = await readFile(file('one-full'));
    const path = join(folder, 'short.dcm');
    await writeFile(path, bytes.subarray(0, bytes.length - 12));
    expect(await refusal(scan, path)).toMatch(
      /^dicom-tag: .*PixelData \(7fe0,0010\) has \d+ bytes, expected 105 for its frames/,
    );
    const kind = join(folder, 'labelmap.dcm');
    await writeFile(kind, Buffer.from(bytes.toString('latin1').replace('BINARY', 'LABELS'), 'latin1'));
    expect(await refusal(scan, kind)).toMatch(
      /^dicom-seg: .*it is of another kind with 1 bits \(SegmentationType \(0062,0001\)\)/,
    );
  });
});

describe('an RTSTRUCT as the mask of a scan', () => {
  it('fills its contours by the even-odd rule: holes, keyholes, and a contour between slices', async () => {
    expect((await on(scan, file('rtstruct'), 'GTV')).voxels).toEqual(expected.contours);
    const { voxels } = await on(scan, file('rtstruct'), 7);
    const plane = shape[1] * shape[2];
    expect(voxels.slice(2 * plane).some(Boolean)).toBe(false);
    expect(voxels.slice(plane, 2 * plane).filter(Boolean)).toHaveLength(8 * 8);
  });

  it('lists its regions if none is chosen', async () => {
    expect(await refusal(scan, file('rtstruct'))).toMatch(
      /^mask-segment: .*it has 2 regions, and none is chosen: 1 \(GTV, 4 contours\), 7 \(Lung, 1 contour\)/,
    );
  });

  it('has the right place on a flipped scan', async () => {
    const { grid, mask } = turned([0, 1, 2], [true, false, false]);
    const { voxels } = await on(grid, file('rtstruct'), 'GTV');
    expect(voxels).toEqual(mask(expected.contours));
  });

  it('is refused if its contours are not parallel to the slices, or outside the scan', async () => {
    const { grid } = turned([2, 1, 0], [false, false, false]);
    expect(await refusal(grid, file('rtstruct'), 1)).toMatch(
      /^mask-grid: placing the mask .*contour 1 runs from slice [\d.]+ to [\d.]+, expected contours parallel/,
    );
    const smaller = { ...scan, shape: [2, shape[1], shape[2]] as const };
    expect(await refusal(smaller, file('rtstruct'), 1)).toMatch(
      /2 of its 4 contours reach outside the scan, with 57 % of the area: they extend over slices 2\.0 to 3\.3, .* expected slices 0 to 1, rows 0 to 13, columns 0 to 11\. Give the contours of this scan/,
    );
  });

  it('is refused if it has an open contour', async () => {
    const bytes = (await readFile(file('rtstruct'))).toString('latin1').replace('CLOSED_PLANAR ', 'OPEN_NONPLANAR');
    const path = join(folder, 'open.dcm');
    await writeFile(path, Buffer.from(bytes, 'latin1'));
    expect(await refusal(scan, path, 1)).toMatch(/^dicom-rtstruct: .*contour 1 of region 1 is OPEN_NONPLANAR/);
  });
});

describe('an image as the mask of a scan', () => {
  const voxels = Uint8Array.from(expected.nodule);

  it('must have the grid of the scan', async () => {
    const path = join(folder, 'same.mha');
    await writeMask(path, { ...scan, voxels });
    expect((await on(scan, path)).voxels).toEqual(expected.nodule);
    const other = join(folder, 'other.mha');
    await writeMask(other, { ...scan, origin: [origin[0] + 3, origin[1], origin[2]], voxels });
    expect(await refusal(scan, other)).toMatch(
      /^mask-grid: .*its voxel \[0, 0, 0\] lies at index \[[-\d., ]+\] of the scan, expected the scan's own grid/,
    );
    const flipped = join(folder, 'flipped.mha');
    await writeMask(flipped, { ...turned([0, 1, 2], [false, true, false]).grid, voxels });
    expect((await on(scan, flipped)).notes.join()).toMatch(/turned onto the scan/);
  });

  it('has no segments', async () => {
    const path = join(folder, 'same.mha');
    await writeMask(path, { ...scan, voxels });
    expect(await refusal(scan, path, 1)).toMatch(
      /^mask-segment: .*found an image, but segment 1 needs a DICOM SEG, an RTSTRUCT or a \.seg\.nrrd/,
    );
  });
});
describe('damaged DICOM masks', () => {
  const damageable = ['binary', 'fractional-rle', 'labelmap-16', 'labelmap-16-deflated', 'labelmap-rle', 'rtstruct'];
  it.each(damageable)('give one error or a mask, 400 times: %s', async (name) => {
    const bytes = await readFile(file(name));
    const path = join(folder, 'mutated.dcm');
    let state = 2463534242;
    const below = (end: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % end;
    };
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const mutated = Buffer.from(bytes.subarray(0, below(8) === 0 ? below(bytes.length) : bytes.length));
      for (let k = 0; k <= below(4); k++)
        if (mutated.length > 140) mutated[132 + below(mutated.length - 132)] = below(256);
      await writeFile(path, mutated);
      try {
        expect((await on(scan, path, 1)).voxels).toHaveLength(scan.voxels.length);
      } catch (error) {
        refused++;
        if (!(error instanceof NoduleTrainError)) throw error;
        expect(error.message).not.toMatch(/\n|Phantom/);
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});
