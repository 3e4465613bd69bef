import { NoduleTrainError } from '../../../runtime/index.js';
import type { Volume } from '../../grid/volume.js';
import { printableUid } from '../chooseSeries.js';
import { type Keyword, tagName } from '../dictionary.js';
import type { DicomTags } from '../tags.js';

/** What a mask states about the images that it was made on. */
export interface MaskReferences {
  /** UIDs of its frames of reference, usually one; empty where it states none. */
  readonly frames: readonly string[];
  /** SOP instance UIDs of the images that it refers to; empty where it refers to none. */
  readonly instances: ReadonlySet<string>;
}

/** A UID that is only compared; null where it is missing or not a UID. */
export const comparedUid = (tags: DicomTags, keyword: Keyword): string | null => {
  const uid = tags.texts(keyword)?.[0] ?? null;
  return uid !== null && /^[\d.]{1,64}$/.test(uid) ? uid : null;
};

/** The instances that the items of a sequence refer to. */
export const referencedInstances = (items: readonly DicomTags[]): string[] =>
  items.map((item) => comparedUid(item, 'ReferencedSOPInstanceUID')).filter((uid) => uid !== null);

/**
 * Checks that a mask was made on a scan, by what both state: frame of reference and images. The notes report a mask
 * that can only be placed by its positions, and one that refers to other images.
 * @throws NoduleTrainError `mask-frame-of-reference` with both UIDs, if they differ and not `ignoreFrameOfReference`
 */
export const checkReferences = (
  path: string,
  { frames, instances }: MaskReferences,
  { frameOfReferenceUid: own, sliceUids }: Pick<Volume, 'frameOfReferenceUid' | 'sliceUids'>,
  ignoreFrameOfReference = false,
): string[] => {
  const referenced = instances.size === 0 ? undefined : sliceUids?.filter((uid) => instances.has(uid)).length;
  const notes: string[] = [];
  if (referenced === 0)
    notes.push(
      `none of the ${instances.size} images that it refers to is a slice of the scan; it may belong to another series`,
    );
  if (own === undefined || frames.length === 0) {
    const both = own === undefined && frames.length === 0;
    const who = both ? 'neither the scan nor the mask has a' : `the ${own === undefined ? 'scan' : 'mask'} has no`;
    // A mask that refers to the scan's own slices needs no frame of reference.
    if (!referenced)
      notes.push(`${who} ${tagName('FrameOfReferenceUID')}: the mask is placed by its positions, unchecked`);
  } else if (!frames.includes(own)) {
    const [theirs, ours] = [frames.map(printableUid).join(' and '), printableUid(own)];
    if (!ignoreFrameOfReference) {
      const still = referenced ? ` It does refer to ${referenced} of the scan's slices.` : '';
      throw new NoduleTrainError(
        'mask-frame-of-reference',
        `matching the mask ${path} to its scan: its frame of reference is ${theirs}, expected ${ours} as in the scan ` +
          `(${tagName('FrameOfReferenceUID')}), so their positions cannot be compared.${still} Give the scan that it ` +
          'was made on; if the positions agree nevertheless, set --mask-ignore-frame-of-reference.',
      );
    }
    notes.push(`its frame of reference is ${theirs}, the scan's is ${ours}; the mask is placed by its positions`);
  }
  return notes;
};
