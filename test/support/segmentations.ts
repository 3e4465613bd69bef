import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SegmentationToWrite, SegmentToWrite } from '../../dist/ct/dicom/segmentation/writeSegmentation.js';
import {
  type Geometry,
  readSourceAttributes,
  readVolume,
  type SourceAttributes,
  type Volume,
  type WrittenSegmentation,
  writeSegmentation,
} from '../../dist/ct/index.js';
import type { Fields, Stack } from './dicomBytes.mjs';
import { add, oblique, scratch, series, stack, straight } from './dicomSeries.js';
import { enhancedFields } from './enhancedCt.js';

const axes = (...columns: readonly (readonly [number, number, number])[]) =>
  [0, 1, 2].map((row) => columns.map((column) => column[row]!));

/** Directions in which series are stored; the columns are those of the row, of the column and from slice to slice. */
const directions = {
  plain: straight,
  'stored from the head down': axes([1, 0, 0], [0, 1, 0], [0, 0, -1]),
  'flipped rows': axes([1, 0, 0], [0, -1, 0], [0, 0, 1]),
  prone: axes([-1, 0, 0], [0, -1, 0], [0, 0, 1]),
  coronal: axes([1, 0, 0], [0, 0, -1], [0, 1, 0]),
  oblique,
} as const;

/** The direction of a gantry tilted by 20°: slices are upright and each lies further to the back. */
export const tilted = axes([1, 0, 0], [0, 1, 0], [0, Math.sin(0.35), Math.cos(0.35)]);

export const enhanced = async (of: Stack = stack): Promise<string> => {
  const dir = await series({ name: () => null });
  await add(dir, 'all.dcm', enhancedFields(of, { order: [3, 1, 0, 4, 2] }));
  return dir;
};

/** What archives have and the standard does not allow, and what writers of results have failed on. */
export const oddAttributes: Record<string, Fields> = {
  'nothing that may be missing': {
    '(0020,0010) SH': undefined,
    StudyDate: undefined,
    AccessionNumber: undefined,
    PatientName: undefined,
    PatientID: undefined,
    PatientBirthDate: undefined,
    ReferringPhysicianName: undefined,
    SliceThickness: undefined,
    FrameOfReferenceUID: undefined,
    StudyInstanceUID: undefined,
    InstanceNumber: undefined,
  },
  'values that violate their VR': {
    '(0010,0040) CS': '',
    '(0010,1010) AS': '45',
    '(0008,1030) LO': 'chest '.repeat(20),
    '(0018,0015) CS': 'a body part far longer than sixteen letters',
    '(0009,0010) LO': 'PRIVATE',
    '(0009,1001) CS': 'MUCH LONGER THAN SIXTEEN LETTERS',
    PatientBirthDate: '1931-02-07',
  },
  'an anonymised SOP class': { SOPClassUID: '2.25.12345' },
  'no instance UIDs': { SOPInstanceUID: undefined },
};

/** Series whose grid is read as stored. */
export const sources: [name: string, make: () => Promise<string>][] = [
  ...Object.entries(directions).map(([name, direction]): [string, () => Promise<string>] => [
    name,
    () => series({}, { ...stack, direction }),
  ]),
  ['Enhanced CT', () => enhanced()],
  ['Enhanced CT, oblique', () => enhanced({ ...stack, direction: oblique })],
  ...Object.entries(oddAttributes).map(([name, over]): [string, () => Promise<string>] => [
    name,
    () => series({ over: () => over }),
  ]),
];

/** Larger, so that shapes can be told apart after resampling. */
export const large: Stack = {
  shape: [8, 20, 24],
  spacing: [1.5, 1.25, 2],
  origin: [-20, 30.5, -100],
  direction: straight,
  stored: new Int16Array(8 * 20 * 24),
};

/** Series that are read only with `resample`: the slices of the scan are not those that are stored. */
export const resampledSources: [name: string, make: () => Promise<string>][] = [
  ['gantry tilt', () => series({}, { ...large, direction: tilted })],
  [
    'uneven distances',
    () =>
      series(
        { over: (k) => ({ ImagePositionPatient: [-20, 30.5, -100 + [0, 2, 4, 6, 10, 12, 14.5, 16.5][k]!] }) },
        large,
      ),
  ],
];

/** A series as a scan and as the source of DICOM objects. */
export const openSeries = async (path: string, resample = false) => ({
  scan: await readVolume(path, { resample, onNote: () => {} }),
  source: await readSourceAttributes(path),
});

/** Segments at these positions of the scan's array, numbered from 1. */
export const segmentsAt = (...positions: readonly (readonly number[])[]): SegmentToWrite[] =>
  positions.map((at, k) => ({
    number: k + 1,
    label: `Nodule ${k + 1}`,
    tracking: { id: `Nodule ${k + 1}`, uid: `1.2.3.77.${k + 1}` },
    positions: Int32Array.from(at),
  }));

/** Two segments of `stack`: one with corners of the volume, one on a single voxel. */
export const twoSegments = (): SegmentToWrite[] => segmentsAt([0, 1, 13, 25, 26, 38, 59], [30]);

let written = 0;

/** Writes a segmentation as the file of a folder of its own, with the time of writing fixed. */
export const writeTo = async (
  { source, grid }: { source: SourceAttributes; grid: Geometry },
  segments: readonly SegmentToWrite[],
  options: Partial<SegmentationToWrite> = {},
): Promise<WrittenSegmentation & { path: string }> => {
  const dir = join(scratch(), `segmentation ${written++}`);
  mkdirSync(dir);
  const path = join(dir, 'seg.dcm');
  const object = await writeSegmentation(path, {
    source,
    grid,
    segments,
    kind: 'binary',
    algorithm: { name: 'nodule-train default', version: '0.14.0' },
    key: 'b'.repeat(64),
    description: 'Research use only, not a medical device',
    created: new Date('2026-01-02T03:04:05Z'),
    ...options,
  });
  return { ...object, path };
};

/** The mask of a segment in the array of a scan. */
export const maskOf = ({ shape }: Pick<Volume, 'shape'>, { positions }: SegmentToWrite): number[] => {
  const mask = new Array<number>(shape[0] * shape[1] * shape[2]).fill(0);
  for (const at of positions) mask[at] = 1;
  return mask;
};
