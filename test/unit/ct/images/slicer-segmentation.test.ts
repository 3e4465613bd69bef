import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { convertScan, readMask, readPrediction, readVolume } from '../../../../dist/ct/index.js';
import { readMaskFor } from '../../../../dist/labels/index.js';
import { scratchFolder } from '../../../support/scratch.js';
import { buildVolume } from '../../../support/volume.js';

const folder = scratchFolder('slicer-segmentation');
let made = 0;

const scan = buildVolume([4, 5, 6], 0, { spacing: [0.5, 0.75, 2], origin: [-10, 20, -30] });
/** The segments cover two slices, three rows and two columns from [1, 1, 2] on. */
const origin = '(-9,20.75,-28)';
const directions = '(0.5,0,0) (0,0.75,0) (0,0,2)';

/** Fields of a segment as Slicer writes them. */
const segment = (place: number, name: string, fields: Record<string, string | number> = {}) => ({
  [`Segment${place}_ID`]: `Segment_${place + 1}`,
  [`Segment${place}_Name`]: name,
  [`Segment${place}_Extent`]: '0 1 0 2 0 1',
  [`Segment${place}_Color`]: '0.5 0.6 0.7',
  ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [`Segment${place}_${key}`, String(value)])),
});

interface File {
  values: Uint8Array;
  layers?: number;
  keys?: Record<string, string>;
  encoding?: 'gzip' | 'raw';
  fields?: Record<string, string>;
}

const write = async ({ values, layers = 1, keys = {}, encoding = 'gzip', fields = {} }: File): Promise<string> => {
  const all = {
    type: 'unsigned char',
    dimension: layers > 1 ? '4' : '3',
    space: 'left-posterior-superior',
    sizes: layers > 1 ? `${layers} 2 3 2` : '2 3 2',
    'space directions': layers > 1 ? `none ${directions}` : directions,
    kinds: layers > 1 ? 'list domain domain domain' : 'domain domain domain',
    encoding,
    'space origin': origin,
    ...fields,
  };
  const lines = [
    'NRRD0004',
    '# Complete NRRD file format specification at:',
    ...Object.entries(all).map(([field, value]) => `${field}: ${value}`),
    ...Object.entries(keys).map(([key, value]) => `${key}:=${value}`),
    'Segmentation_ContainedRepresentationNames:=Binary labelmap|Closed surface|',
    'Segmentation_MasterRepresentation:=Binary labelmap',
    'Segmentation_ReferenceImageExtentOffset:=2 1 1',
    '',
    '',
  ];
  const path = join(folder, `s${made++}.seg.nrrd`);
  await writeFile(
    path,
    Buffer.concat([Buffer.from(lines.join('\n')), encoding === 'gzip' ? gzipSync(values) : values]),
  );
  return path;
};

/** Where the mask is 1 in the scan, as [slice, row, column]. */
const placesIn = (voxels: Uint8Array): number[][] =>
  [...voxels].flatMap((value, k) => (value === 1 ? [[Math.floor(k / 30), Math.floor(k / 6) % 5, k % 6]] : []));

const on = async (path: string, chosen?: string | number) => {
  const notes: string[] = [];
  const voxels = await readMaskFor(scan, path, { segment: chosen, onNote: (text) => notes.push(text) });
  return { places: placesIn(voxels), notes };
};
const refusal = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => expect.unreachable('it was read'),
    ({ code, message }) => `${code}: ${message}`,
  );

/** Labels 1 and 2 of one layer. */
const shared = Uint8Array.of(1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 2);
const two = {
  ...segment(0, 'Nodule', { LabelValue: 1, Layer: 0 }),
  ...segment(1, 'Lunge größe', { LabelValue: 2, Layer: 0 }),
};
const first = [
  [1, 1, 2],
  [2, 2, 2],
];
const second = [
  [1, 2, 3],
  [2, 3, 3],
];

describe('a segmentation of 3D Slicer', () => {
  it.each(['gzip', 'raw'] as const)(
    'is placed by its origin, and its segment chosen by name, ID or number: %s',
    async (encoding) => {
      const path = await write({ values: shared, keys: two, encoding });
      for (const chosen of ['Nodule', 'Segment_1', '1', 1]) {
        const { places, notes } = await on(path, chosen);
        expect(places).toEqual(first);
        expect(notes.join()).toMatch(/covers \[2, 3, 2\] of the scan's \[4, 5, 6\] voxels, from index \[1, 1, 2\]/);
      }
      for (const chosen of ['Lunge größe', 'Lunge gro\u0308ße', 2])
        expect((await on(path, chosen)).places).toEqual(second);
    },
  );

  it('must have its segment chosen where there are several, from a list', async () => {
    const path = await write({ values: shared, keys: two });
    expect(await refusal(on(path))).toMatch(
      /^mask-segment: .*it has 2 segments, and none is chosen: 1 \(Nodule\), 2 \(Lunge größe\)\. Choose one/,
    );
    expect(await refusal(on(path, 'Tumour'))).toMatch(/0 of them match "Tumour": 1 \(Nodule\)/);
  });

  it('with one segment needs no choice, whatever its value', async () => {
    const path = await write({ values: shared, keys: segment(0, 'Nodule', { LabelValue: 2, Layer: 0 }) });
    expect((await on(path)).places).toEqual(second);
  });

  /** Two layers, interleaved: the first segment is in layer 1, the other in layer 0. */
  const layered = Uint8Array.from({ length: 24 }, (_, k) =>
    k % 2 === 1 ? +(shared[k >> 1] === 1) : +(shared[k >> 1] === 2),
  );

  it.each(['gzip', 'raw'] as const)('may have layers, of which segments have the same value: %s', async (encoding) => {
    const keys = {
      ...segment(0, 'Nodule', { LabelValue: 1, Layer: 1 }),
      ...segment(1, 'Lung', { LabelValue: 1, Layer: 0 }),
    };
    const path = await write({ values: layered, layers: 2, keys, encoding });
    expect((await on(path, 'Nodule')).places).toEqual(first);
    expect((await on(path, 'Lung')).places).toEqual(second);
    expect((await on(path, 2)).places).toEqual(second);
    expect(await refusal(on(path))).toMatch(/it has 2 segments, and none is chosen: 1 \(Nodule\), 2 \(Lung\)/);
  });

  it('of an old version has a layer for each segment, without fields for value and layer', async () => {
    const path = await write({ values: layered, layers: 2, keys: { ...segment(0, 'Lung'), ...segment(1, 'Nodule') } });
    expect((await on(path, 'Nodule')).places).toEqual(first);
    expect((await on(path, 'Lung')).places).toEqual(second);
  });

  it('without any fields of segments has a segment for each layer, and is an image of labels with one', async () => {
    const path = await write({ values: layered, layers: 2 });
    expect((await on(path, 2)).places).toEqual(first);
    expect(await refusal(on(path))).toMatch(/2 segments, and none is chosen: 1 \(unnamed\), 2 \(unnamed\)/);
    const plain = await readMask(await write({ values: shared }));
    expect([...plain.voxels]).toEqual([...shared]);
    expect(await refusal(on(await write({ values: shared }), 'Nodule'))).toMatch(
      /found an image, but segment "Nodule"/,
    );
  });

  it('may have its layers last, or one layer on an axis of its own', async () => {
    const last = Uint8Array.from({ length: 24 }, (_, k) => layered[(k % 12) * 2 + Math.floor(k / 12)]!);
    const fields = {
      sizes: '2 3 2 2',
      'space directions': `${directions} none`,
      kinds: 'domain domain domain list',
    };
    expect((await on(await write({ values: last, layers: 2, fields }), 2)).places).toEqual(first);
    const single = {
      dimension: '4',
      sizes: '1 2 3 2',
      'space directions': `none ${directions}`,
      kinds: 'list domain domain domain',
    };
    const path = await write({ values: shared, keys: segment(0, 'Nodule'), fields: single });
    expect((await on(path)).places).toEqual(first);
  });

  it('is refused with a layer or value that cannot be, as a scan, and with vectors', async () => {
    const keys = segment(0, 'Nodule', { LabelValue: 1, Layer: 7 });
    expect(await refusal(on(await write({ values: layered, layers: 2, keys })))).toMatch(
      /^nrrd-header: .*field Segment0_Layer is "7", expected a whole number from 0 to 1/,
    );
    const odd = await write({ values: layered, layers: 2, keys: segment(0, 'Nodule', { LabelValue: 'NaN' }) });
    expect(await refusal(on(odd))).toMatch(/field Segment0_LabelValue is "NaN"/);
    expect(await refusal(readVolume(odd))).toMatch(/nrrd-header/);
    const path = await write({ values: layered, layers: 2, keys: two });
    expect(await refusal(readVolume(path))).toMatch(
      /has 2 layers of segments, expected a scan. This is a segmentation/,
    );
    const vectors = { kinds: 'vector domain domain domain' };
    expect(await refusal(on(await write({ values: layered, layers: 2, fields: vectors })))).toMatch(
      /vectors or colours/,
    );
  });

  it('is a prediction of all its segments', async () => {
    const { probabilities } = await readPrediction(await write({ values: shared, keys: two }));
    expect([...probabilities]).toEqual([...shared].map((value) => +(value > 0)));
  });

  it('is converted one segment at a time', async () => {
    const path = await write({ values: shared, keys: two });
    const to = join(folder, 'nodule.nii.gz');
    await convertScan(path, to, { mask: true, segment: 'Nodule' });
    expect([...(await readMask(to)).voxels]).toEqual([...shared].map((value) => +(value === 1)));
    expect(await refusal(convertScan(path, join(folder, 'b.nii.gz'), { segment: 'Nodule' }))).toMatch(/Add mask/);
  });
});
