import { open } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import { readFully } from '../imageFile/readFully.js';
import { chooseNamed, type Named, printableLabel } from './chooseNamed.js';
import { tagName } from './dictionary.js';
import { frameCount, planeGroups } from './frameGroups.js';
import { type FramePlane, framePlane } from './framePlane.js';
import { decodeFrame } from './frames/decodeFrame.js';
import { type DicomFile, readDicomFile } from './readDicomFile.js';
import { type DicomTags, required, tagError } from './tags.js';

/** The frames of one segment of a DICOM Segmentation, each with its position in the patient. */
export interface Segmentation {
  readonly segment: Named;
  readonly rows: number;
  readonly columns: number;
  /** In the file's order; `mask` is `[rows, columns]`, 0 and 1. */
  readonly frames: readonly (FramePlane & { readonly mask: Uint8Array })[];
  /** What the user should know, one sentence each. */
  readonly notes: readonly string[];
}

/** SOP class of Segmentation Storage. */
export const segmentationClass = '1.2.840.10008.5.1.4.1.1.66.4';

/**
 * Reads one segment of a DICOM SEG (PS3.3 section A.51), chosen by number or label; by default the only one. Binary
 * segments have 1 bit per pixel, packed over all frames. In fractional ones a pixel belongs to the segment from half of
 * MaximumFractionalValue on, which `notes` reports.
 * @throws NoduleTrainError `mask-segment` with the list of segments; `scan-missing`, `dicom-file`, `dicom-seg`,
 * `dicom-tag`, `dicom-codec`
 */
export const readSegmentation = async (
  path: string,
  { segment }: { readonly segment?: string | number } = {},
): Promise<Segmentation> => {
  const file = await readDicomFile(path);
  const kind = file?.tags.uid('SOPClassUID');
  if (file === null || kind !== segmentationClass || file.pixels === null)
    throw refusal(path, `it is not a Segmentation (${tagName('SOPClassUID')})`, 'a DICOM SEG with its pixels');
  const { tags } = file;
  const segments = tags.items('SegmentSequence').map((item) => ({
    number: required(path, 'SegmentNumber', item.whole('SegmentNumber', false), 'the number of the segment'),
    label: printableLabel(item.texts('SegmentLabel')?.join('\\')),
  }));
  const chosen = chooseNamed(path, 'segment', segments, segment);
  const [rows, columns] = (['Rows', 'Columns'] as const).map((keyword) => {
    const extent = required(path, keyword, tags.whole(keyword, false), 'at least 1');
    if (extent === 0) throw tagError(path, keyword, 'is 0', 'at least 1');
    return extent;
  }) as [number, number];
  const { unpack, notes } = await pixelsOf(file, rows, columns);
  const [shared] = tags.items('SharedFunctionalGroupsSequence');
  const own = tags.items('PerFrameFunctionalGroupsSequence');
  if (own.length !== frameCount(tags)) {
    const found =
      `${tagName('PerFrameFunctionalGroupsSequence')} has ${own.length} items for ` + `${frameCount(tags)} frames`;
    throw refusal(path, found, 'one per frame');
  }
  const frames: (FramePlane & { mask: Uint8Array })[] = [];
  for (const [frame, group] of own.entries()) {
    if (segmentOf(path, group, shared) !== chosen.number) continue;
    const plane = framePlane(path, planeGroups(path, group, shared));
    frames.push({ ...plane, mask: await unpack(frame) });
  }
  return { segment: chosen, rows, columns, frames, notes };
};

const segmentOf = (path: string, own: DicomTags, shared: DicomTags | undefined): number => {
  const [group] = [
    ...own.items('SegmentIdentificationSequence'),
    ...(shared?.items('SegmentIdentificationSequence') ?? []),
  ];
  const number = group?.whole('ReferencedSegmentNumber', false) ?? null;
  return required(path, 'ReferencedSegmentNumber', number, 'the segment of each frame');
};

interface Pixels {
  /** Gives the mask of a frame, `[rows, columns]`, 0 and 1. */
  readonly unpack: (frame: number) => Promise<Uint8Array>;
  readonly notes: readonly string[];
}

const pixelsOf = async (file: DicomFile, rows: number, columns: number): Promise<Pixels> => {
  const { path, tags, syntax } = file;
  const [type, bits] = [tags.texts('SegmentationType')?.[0], tags.whole('BitsAllocated', false)];
  if (syntax.bigEndian) throw refusal(path, `it is ${syntax.name}`, 'a little-endian transfer syntax');
  const count = rows * columns;
  if (type === 'BINARY' && bits === 1) {
    if (syntax.compressed) throw refusal(path, `its bits are compressed as ${syntax.name}`, 'an uncompressed SEG');
    const bytes = await readPlainBytes(file, Math.ceil((count * frameCount(tags)) / 8));
    const unpack = async (frame: number): Promise<Uint8Array> => {
      // Frames follow each other without padding, so one may begin in the middle of a byte (PS3.5 section 8.1.1).
      const mask = new Uint8Array(count);
      for (let k = 0, bit = frame * count; k < count; k++, bit++) mask[k] = (bytes[bit >> 3]! >> (bit & 7)) & 1;
      return mask;
    };
    return { unpack, notes: [] };
  }
  if (type === 'FRACTIONAL' && bits === 8) {
    const most = required(path, 'MaximumFractionalValue', tags.whole('MaximumFractionalValue', false), '1 to 255');
    if (most < 1 || most > 255) throw tagError(path, 'MaximumFractionalValue', `is ${most}`, '1 to 255');
    const read = await fractions(file, rows, columns);
    const unpack = async (frame: number): Promise<Uint8Array> =>
      (await read(frame)).map((value) => (2 * value >= most ? 1 : 0));
    const note = `it is fractional: pixels from half of its maximum (${most}) on belong to the segment`;
    return { unpack, notes: [note] };
  }
  const known = ['BINARY', 'FRACTIONAL', 'LABELMAP'].find((name) => name === type) ?? 'of another kind';
  throw refusal(
    path,
    `it is ${known} with ${bits} bits (${tagName('SegmentationType')})`,
    'BINARY with 1 bit or FRACTIONAL with 8',
  );
};

const fractions = async (
  file: DicomFile,
  rows: number,
  columns: number,
): Promise<(frame: number) => Promise<Uint8Array>> => {
  const { path, tags, syntax, pixels } = file;
  const frames = frameCount(tags);
  const frameBytes = rows * columns;
  if (syntax.compressed) {
    const format = { rows, columns, bitsAllocated: 8, bitsStored: 8, highBit: 7, signed: false, frameBytes } as const;
    return (frame) => decodeFrame({ path, name: path, syntax, pixels: pixels!, format, frame, frames });
  }
  const bytes = await readPlainBytes(file, frameBytes * frames);
  return async (frame) => bytes.subarray(frame * frameBytes, (frame + 1) * frameBytes);
};

/** Reads the uncompressed bytes of PixelData. */
const readPlainBytes = async ({ path, pixels }: DicomFile, length: number): Promise<Uint8Array> => {
  const { offset, available, inflated } = pixels!;
  const found = Math.min(pixels!.length, available);
  if (found < length) {
    const expected = `${length} for its frames. Copy the file again.`;
    throw tagError(path, 'PixelData', `has ${Math.max(0, found)} bytes`, expected);
  }
  if (inflated !== null) return inflated.subarray(offset, offset + length);
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    if (await readFully(file, bytes, offset)) return bytes;
    throw tagError(path, 'PixelData', 'became shorter while it was being read', 'a whole file');
  } finally {
    await file.close();
  }
};

const refusal = (path: string, found: string, expected: string): NoduleTrainError =>
  new NoduleTrainError('dicom-seg', `reading the mask ${path}: ${found}, expected ${expected}`);
