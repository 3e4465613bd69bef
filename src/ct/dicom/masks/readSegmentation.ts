import { tagName } from '../dictionary.js';
import { frameCount, planeGroups } from '../frameGroups.js';
import { type FramePlane, framePlane } from '../framePlane.js';
import { type DicomFile, readDicomFile } from '../readDicomFile.js';
import { refusal, segmentationPixels } from '../segmentation/segmentationPixels.js';
import { type DicomTags, required, tagError } from '../tags.js';
import { chooseNamed, type Named, readLabel } from './chooseNamed.js';
import { comparedUid, type MaskReferences, referencedInstances } from './maskReferences.js';

/** The frames of one segment of a DICOM Segmentation, each with its position in the patient. */
export interface Segmentation {
  readonly segment: Named;
  readonly rows: number;
  readonly columns: number;
  /** In the file's order; `mask` is `[rows, columns]`, 0 and 1. An object without frames has none. */
  readonly frames: readonly (FramePlane & { readonly mask: Uint8Array })[];
  readonly references: MaskReferences;
  /** What the user should know, one sentence each. */
  readonly notes: readonly string[];
}

/** SOP classes of Segmentation Storage and Label Map Segmentation Storage. */
export const segmentationClasses = {
  binary: '1.2.840.10008.5.1.4.1.1.66.4',
  labelmap: '1.2.840.10008.5.1.4.1.1.66.7',
} as const;

/** Whether an object of this SOP class is a segmentation. */
export const isSegmentationClass = (sopClass: string | null): boolean =>
  Object.values(segmentationClasses).some((known) => known === sopClass);

/**
 * Reads one segment of a DICOM SEG (PS3.3 section A.51) or LABELMAP (section A.51, Supplement 243), chosen by number or
 * label; by default the only one. Binary segments have 1 bit per pixel, packed over all frames. In fractional ones a
 * pixel belongs to the segment from half of MaximumFractionalValue on, which `notes` reports. In a label map the value
 * of a pixel is the number of its segment, of 8 or 16 bits; the one that PixelPaddingValue names is the background and
 * cannot be chosen.
 * @throws NoduleTrainError `mask-segment` with the list of segments; `scan-missing`, `dicom-file`, `dicom-seg`,
 * `dicom-tag`, `dicom-codec`
 */
export const readSegmentation = async (
  path: string,
  { segment }: { readonly segment?: string | number } = {},
): Promise<Segmentation> => {
  const { file, frames: count } = await openSegmentation(path);
  const { tags } = file;
  const [rows, columns] = (['Rows', 'Columns'] as const).map((keyword) => {
    const extent = required(path, keyword, tags.whole(keyword, false), 'at least 1');
    if (extent === 0) throw tagError(path, keyword, 'is 0', 'at least 1');
    return extent;
  }) as [number, number];
  const pixels = await segmentationPixels({ file, rows, columns, frames: count });
  const segments = tags
    .items('SegmentSequence')
    .map((item) => ({
      number: required(path, 'SegmentNumber', item.whole('SegmentNumber', false), 'the number of the segment'),
      label: readLabel(tags, item, 'SegmentLabel'),
    }))
    .filter(({ number }) => number !== pixels.background);
  const { item: chosen, notes } = chooseNamed(path, 'segment', segments, segment);
  const [shared] = tags.items('SharedFunctionalGroupsSequence');
  const own = tags.items('PerFrameFunctionalGroupsSequence');
  if (own.length !== count) {
    const found = `${tagName('PerFrameFunctionalGroupsSequence')} has ${own.length} items for ${count} frames`;
    throw refusal(path, found, 'one per frame');
  }
  const numbers =
    pixels.kind === 'LABELMAP'
      ? null
      : own.map((group) => segmentOf(path, group, shared, segments.length === 1 ? chosen.number : null));
  const chosenFrames = own.flatMap((group, frame) =>
    numbers === null || numbers[frame] === chosen.number ? [{ group, frame }] : [],
  );
  const frames: (FramePlane & { mask: Uint8Array })[] = [];
  let empty: Uint8Array | null = null;
  for (const { group, frame } of chosenFrames) {
    const plane = framePlane(path, planeGroups(path, group, shared));
    const mask = await pixels.unpack(frame, chosen.number);
    // The frames of a label map without the segment share one mask.
    if (mask === null && empty === null) empty = new Uint8Array(rows * columns);
    frames.push({ ...plane, mask: mask ?? empty! });
  }
  return {
    segment: chosen,
    rows,
    columns,
    frames,
    references: referencesOf(
      tags,
      chosenFrames.map(({ group }) => group),
    ),
    notes: [...notes, ...pixels.notes(), ...unlistedFrames(numbers ?? [], segments)],
  };
};

/** Frames of segments that the file does not describe cannot be chosen. */
const unlistedFrames = (numbers: readonly number[], segments: readonly Named[]): string[] => {
  const known = new Set(segments.map(({ number }) => number));
  const unlisted = numbers.filter((number) => !known.has(number));
  if (unlisted.length === 0) return [];
  const which = [...new Set(unlisted)].sort((a, b) => a - b).slice(0, 10);
  return [
    `skipping ${unlisted.length} frames of segments that ${tagName('SegmentSequence')} does not list: ${which.join(', ')}`,
  ];
};

const referencesOf = (tags: DicomTags, frames: readonly DicomTags[]): MaskReferences => {
  const frame = comparedUid(tags, 'FrameOfReferenceUID');
  const ofSeries = tags.items('ReferencedSeriesSequence').flatMap((item) => item.items('ReferencedInstanceSequence'));
  const ofFrames = frames.flatMap((group) =>
    group.items('DerivationImageSequence').flatMap((item) => item.items('SourceImageSequence')),
  );
  return {
    frames: frame === null ? [] : [frame],
    instances: new Set(referencedInstances([...ofSeries, ...ofFrames])),
  };
};

const openSegmentation = async (path: string): Promise<{ file: DicomFile; frames: number }> => {
  const file = await readDicomFile(path);
  if (file !== null && isSegmentationClass(file.tags.uid('SOPClassUID'))) {
    const frames = file.tags.number('NumberOfFrames') === 0 ? 0 : frameCount(file.tags);
    if (frames === 0 || file.pixels !== null) return { file, frames };
  }
  throw refusal(path, `it is not a Segmentation (${tagName('SOPClassUID')})`, 'a DICOM SEG with its pixels');
};

/** The segment of a frame; `only` where the file has one segment, as some writers then do not state it. */
const segmentOf = (path: string, own: DicomTags, shared: DicomTags | undefined, only: number | null): number => {
  const [group] = [
    ...own.items('SegmentIdentificationSequence'),
    ...(shared?.items('SegmentIdentificationSequence') ?? []),
  ];
  const number = group?.whole('ReferencedSegmentNumber', false) ?? only;
  return required(path, 'ReferencedSegmentNumber', number, 'the segment of each frame');
};
