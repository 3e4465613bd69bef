import { open } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import { chooseNamed, type Named, shownLabel } from './chooseNamed.js';
import { tagName } from './dictionary.js';
import { frameCount, planeGroups } from './frameGroups.js';
import { type FramePlane, framePlane } from './framePlane.js';
import { decodeFrame } from './frames/decodeFrame.js';
import { type DicomFile, readDicomFile } from './readDicomFile.js';
import { type DicomTags, required, tagError } from './tags.js';

/** The frames of one segment of a DICOM Segmentation: 0 and 1, each with its place in the patient. */
export interface Segmentation {
  readonly segment: Named;
  readonly rows: number;
  readonly columns: number;
  /** In the file's order; `mask` is [rows, columns]. */
  readonly frames: readonly (FramePlane & { readonly mask: Uint8Array })[];
  /** What the user should know, each one sentence. */
  readonly notes: readonly string[];
}

export const segmentationClass = '1.2.840.10008.5.1.4.1.1.66.4';

/**
 * Reads one segment (chosen by number or label; without it the only one) of a DICOM SEG (PS3.3 section A.51). Binary segments are
 * 1 bit a pixel, packed over all frames; of fractional ones a pixel belongs to the segment from half of MaximumFractionalValue on,
 * which `notes` says. Throws 'mask-segment' with the list of segments, 'dicom-seg', 'dicom-tag' and 'dicom-codec'.
 */
export const readSegmentation = async (
  path: string,
  { segment }: { readonly segment?: string | number } = {},
): Promise<Segmentation> => {
  const file = await readDicomFile(path);
  const kind = file?.tags.uid('SOPClassUID');
  if (file === null || kind !== segmentationClass || file.pixels === null)
    throw refusal(path, `it is no Segmentation (${tagName('SOPClassUID')})`, 'a DICOM SEG with its pixels');
  const { tags } = file;
  const segments = tags.items('SegmentSequence').map((item) => ({
    number: required(path, 'SegmentNumber', item.whole('SegmentNumber', false), 'the number of the segment'),
    label: shownLabel(item.texts('SegmentLabel')?.join('\\')),
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
    const found = `${tagName('PerFrameFunctionalGroupsSequence')} has ${own.length} items for ${frameCount(tags)} frames`;
    throw refusal(path, found, 'one for each');
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
  /** 0 and 1. */
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
    const bytes = await plainBytes(file, Math.ceil((count * frameCount(tags)) / 8));
    const unpack = async (frame: number): Promise<Uint8Array> => {
      // Frames follow each other without a gap: one may begin in the middle of a byte (PS3.5 section 8.1.1).
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
    const note = `it is fractional, and a pixel belongs to the segment from half of its largest value (${most}) on`;
    return { unpack, notes: [note] };
  }
  const known = ['BINARY', 'FRACTIONAL', 'LABELMAP'].find((name) => name === type) ?? 'of another kind';
  throw refusal(
    path,
    `it is ${known} with ${bits} bits (${tagName('SegmentationType')})`,
    'BINARY with 1 or FRACTIONAL with 8',
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
  const bytes = await plainBytes(file, frameBytes * frames);
  return async (frame) => bytes.subarray(frame * frameBytes, (frame + 1) * frameBytes);
};

const plainBytes = async ({ path, pixels }: DicomFile, wanted: number): Promise<Uint8Array> => {
  const { offset, length, available, inflated } = pixels!;
  const there = Math.min(length, available);
  if (there < wanted)
    throw tagError(
      path,
      'PixelData',
      `has ${Math.max(0, there)} bytes`,
      `${wanted} for its frames: copy the file again`,
    );
  if (inflated !== null) return inflated.subarray(offset, offset + wanted);
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(wanted);
    for (let done = 0; done < wanted; ) {
      const { bytesRead } = await file.read(bytes, done, wanted - done, offset + done);
      if (bytesRead === 0) throw tagError(path, 'PixelData', 'became shorter while it was read', 'a whole file');
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
};

const refusal = (path: string, found: string, wanted: string): NoduleTrainError =>
  new NoduleTrainError('dicom-seg', `reading the mask ${path}: ${found}; wanted is ${wanted}`);
