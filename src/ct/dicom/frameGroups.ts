import { NoduleTrainError } from '../../runtime/index.js';
import { type Keyword, tagName } from './dictionary.js';
import { type DicomTags, tagError } from './tags.js';
import type { TransferSyntax } from './transferSyntax.js';

/** Where the tags of one frame stand: in an image of one frame all in its data set, in an enhanced one in functional groups. */
export interface FrameGroups {
  readonly position: DicomTags;
  readonly orientation: DicomTags;
  readonly measures: DicomTags;
  /** Slope and intercept. */
  readonly values: DicomTags;
  readonly padding: DicomTags;
}

/** Multi-frame images whose frames have functional groups with a place in the patient, and which are CT. */
const enhancedCt = new Set([
  '1.2.840.10008.5.1.4.1.1.2.1', // Enhanced CT Image
  '1.2.840.10008.5.1.4.1.1.2.2', // Legacy Converted Enhanced CT Image
]);

/** PS3.4 table B.5-1: multi-frame images that are met in chest folders, so that a refusal can name them. */
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
 * The frames of an image, in the file's order: one where there is one, those of Enhanced CT by their functional groups
 * (PS3.3 section C.7.6.16), the frame's own before the shared ones.
 * Throws 'dicom-frames' for other images of several frames, for part of a concatenation, and where frames and groups do not fit.
 */
export const frameGroups = (tags: DicomTags, syntax: TransferSyntax): readonly FrameGroups[] => {
  const { file } = tags;
  const frames = frameCount(tags);
  const kind = tags.uid('SOPClassUID') ?? '';
  if (!enhancedCt.has(kind)) {
    if (frames === 1) return [{ position: tags, orientation: tags, measures: tags, values: tags, padding: tags }];
    const found = `it is ${otherMultiFrame.get(kind) ?? 'an image'} of ${frames} frames (${tagName('NumberOfFrames')})`;
    throw refusal(file, found, 'a CT of single slices or an Enhanced CT: export the series as one of these');
  }
  if (tags.has('ConcatenationUID')) {
    const found = `it is part of a concatenation (${tagName('ConcatenationUID')})`;
    throw refusal(file, found, 'an Enhanced CT in one file: have it written in one, or as single slices');
  }
  if (syntax.deflated) throw refusal(file, `it is of ${frames} frames and deflated`, 'another transfer syntax');
  const [shared] = tags.items('SharedFunctionalGroupsSequence');
  const own = tags.items('PerFrameFunctionalGroupsSequence');
  if (own.length !== frames) {
    const found = `${tagName('PerFrameFunctionalGroupsSequence')} has ${own.length} items for ${frames} frames`;
    throw refusal(file, found, 'one for each');
  }
  const types = new Set(own.map((item) => groupOf('CTImageFrameTypeSequence', item, shared)?.texts('FrameType')?.[2]));
  if (types.has('LOCALIZER'))
    throw refusal(file, `some of its frames are localizers (${tagName('FrameType')})`, 'slices of a scan only');
  return own.map((item) => ({
    ...planeGroups(file, item, shared),
    values: groupOf('PixelValueTransformationSequence', item, shared) ?? tags,
    padding: tags,
  }));
};

/** Throws 'dicom-tag' where it is no whole number from 1. */
export const frameCount = (tags: DicomTags): number => {
  const frames = tags.number('NumberOfFrames') ?? 1;
  if (!Number.isInteger(frames) || frames < 1)
    throw tagError(tags.file, 'NumberOfFrames', `is ${frames}`, 'a whole number from 1');
  return frames;
};

/** The groups that say where a frame lies. Throws 'dicom-tag' where one is missing. */
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

const refusal = (file: string, found: string, wanted: string): NoduleTrainError =>
  new NoduleTrainError('dicom-frames', `reading ${file}: ${found}; wanted is ${wanted}`);
