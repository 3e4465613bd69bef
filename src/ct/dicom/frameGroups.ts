import { NoduleTrainError } from '../../runtime/index.js';
import { type Keyword, tagName } from './dictionary.js';
import { type DicomTags, tagError } from './tags.js';
import type { TransferSyntax } from './transferSyntax.js';

/**
 * The data sets that hold the tags of one frame: for a single-frame image the image's own, for an enhanced one its
 * functional groups.
 */
export interface FrameGroups {
  readonly position: DicomTags;
  readonly orientation: DicomTags;
  readonly measures: DicomTags;
  /** Rescale slope and intercept. */
  readonly values: DicomTags;
  readonly padding: DicomTags;
  /** Those that say which acquisition or phase the frame is of. */
  readonly phase: readonly DicomTags[];
}

/** Multi-frame CT images whose frames have functional groups with a position in the patient. */
const enhancedCt = new Set([
  '1.2.840.10008.5.1.4.1.1.2.1', // Enhanced CT Image
  '1.2.840.10008.5.1.4.1.1.2.2', // Legacy Converted Enhanced CT Image
]);

/** Multi-frame secondary captures of grey values, which SimpleITK writes with the groups of an Enhanced CT. */
const multiFrameCaptures = new Set(['1.2.840.10008.5.1.4.1.1.7.2', '1.2.840.10008.5.1.4.1.1.7.3']);

/** Other multi-frame images found in chest folders (PS3.4 table B.5-1), so an error can name them. */
const otherMultiFrame: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10008.5.1.4.1.1.20', 'a Nuclear Medicine image'],
  ['1.2.840.10008.5.1.4.1.1.3.1', 'an Ultrasound multi-frame image'],
  ['1.2.840.10008.5.1.4.1.1.4.1', 'an Enhanced MR image'],
  ['1.2.840.10008.5.1.4.1.1.4.4', 'a Legacy Converted Enhanced MR image'],
  ['1.2.840.10008.5.1.4.1.1.12.1', 'an X-Ray Angiographic image'],
  ['1.2.840.10008.5.1.4.1.1.12.1.1', 'an Enhanced XA image'],
  ['1.2.840.10008.5.1.4.1.1.13.1.1', 'an X-Ray 3D Angiographic image'],
  ['1.2.840.10008.5.1.4.1.1.13.1.3', 'a Breast Tomosynthesis image'],
  ['1.2.840.10008.5.1.4.1.1.66.4', 'a Segmentation (SEG)'],
  ['1.2.840.10008.5.1.4.1.1.66.7', 'a Label Map Segmentation'],
  ['1.2.840.10008.5.1.4.1.1.77.1.6', 'a whole slide microscopy image'],
  ['1.2.840.10008.5.1.4.1.1.128.1', 'a Legacy Converted Enhanced PET image'],
  ['1.2.840.10008.5.1.4.1.1.130', 'an Enhanced PET image'],
  ['1.2.840.10008.5.1.4.1.1.481.2', 'an RT Dose'],
]);

/**
 * Lists the frames of an image, in the file's order. Those of Enhanced CT are read from their functional groups (PS3.3
 * section C.7.6.16), where a frame's own groups take precedence over the shared ones.
 * @throws NoduleTrainError `dicom-frames` for other multi-frame images, for part of a concatenation, and if the
 * numbers of frames and groups differ; `dicom-tag` if a group is missing
 */
export const frameGroups = (tags: DicomTags, syntax: TransferSyntax): readonly FrameGroups[] => {
  const { file } = tags;
  const frames = frameCount(tags);
  const kind = tags.uid('SOPClassUID') ?? '';
  const isPlacedCapture = multiFrameCaptures.has(kind) && tags.has('PerFrameFunctionalGroupsSequence');
  if (!enhancedCt.has(kind) && !isPlacedCapture) {
    if (frames === 1)
      return [{ position: tags, orientation: tags, measures: tags, values: tags, padding: tags, phase: [tags] }];
    const found = `it is ${otherMultiFrame.get(kind) ?? 'an image'} of ${frames} frames (${tagName('NumberOfFrames')})`;
    throw refusal(file, found, 'a CT of single slices or an Enhanced CT. Export the series as one of these.');
  }
  if (tags.has('ConcatenationUID')) {
    const found = `it is part of a concatenation (${tagName('ConcatenationUID')})`;
    throw refusal(file, found, 'an Enhanced CT in one file. Export it as one file, or as single slices.');
  }
  if (syntax.deflated) throw refusal(file, `it has ${frames} frames and is deflated`, 'another transfer syntax');
  const [shared] = tags.items('SharedFunctionalGroupsSequence');
  const own = tags.items('PerFrameFunctionalGroupsSequence');
  if (own.length !== frames) {
    const found = `${tagName('PerFrameFunctionalGroupsSequence')} has ${own.length} items for ${frames} frames`;
    throw refusal(file, found, 'one per frame');
  }
  const types = new Set(own.map((item) => groupOf('CTImageFrameTypeSequence', item, shared)?.texts('FrameType')?.[2]));
  if (types.has('LOCALIZER'))
    throw refusal(file, `some of its frames are localizers (${tagName('FrameType')})`, 'only slices of a scan');
  return own.map((item) => ({
    ...planeGroups(file, item, shared),
    values: groupOf('PixelValueTransformationSequence', item, shared) ?? tags,
    padding: tags,
    phase: [
      ...(['FrameContentSequence', 'CardiacSynchronizationSequence', 'CTReconstructionSequence'] as const).flatMap(
        (keyword) => groupOf(keyword, item, shared) ?? [],
      ),
      tags,
    ],
  }));
};

/**
 * Reads NumberOfFrames, 1 where it is missing.
 * @throws NoduleTrainError `dicom-tag` if it is not a whole number from 1
 */
export const frameCount = (tags: DicomTags): number => {
  const frames = tags.number('NumberOfFrames') ?? 1;
  if (!Number.isInteger(frames) || frames < 1)
    throw tagError(tags.file, 'NumberOfFrames', `is ${frames}`, 'a whole number from 1');
  return frames;
};

/**
 * Finds the functional groups with the position of a frame.
 * @throws NoduleTrainError `dicom-tag` if one is missing
 */
export const planeGroups = (
  file: string,
  own: DicomTags,
  shared: DicomTags | undefined,
): Pick<FrameGroups, 'position' | 'orientation' | 'measures'> => {
  const group = (keyword: Keyword): DicomTags => {
    const found = groupOf(keyword, own, shared);
    if (found === undefined) throw tagError(file, keyword, 'is missing', 'a functional group for every frame');
    return found;
  };
  return {
    position: group('PlanePositionSequence'),
    orientation: group('PlaneOrientationSequence'),
    measures: group('PixelMeasuresSequence'),
  };
};

const groupOf = (keyword: Keyword, own: DicomTags, shared: DicomTags | undefined): DicomTags | undefined =>
  own.items(keyword)[0] ?? shared?.items(keyword)[0];

const refusal = (file: string, found: string, expected: string): NoduleTrainError =>
  new NoduleTrainError('dicom-frames', `reading ${file}: ${found}, expected ${expected}`);
