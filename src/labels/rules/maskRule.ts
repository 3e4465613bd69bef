import { z } from 'zod';
import { checkOptions, type Volume, voxelCount } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { labelImageContent } from '../account/labelImageContent.js';
import { annotatedNodules, componentsOf, markedNodules, wholeNodule } from '../nodulesOfMask.js';
import { readMaskFor } from '../readMaskFor.js';
import type { LabelRule, ScanTruth } from './labelRule.js';
import { labelSource } from './labelSource.js';

export const maskRuleSchema = z.strictObject({
  /** Number or label; not needed if there is only one. */
  segment: z
    .string()
    .min(1)
    .optional()
    .describe('number or label of the DICOM SEG segment or RTSTRUCT region to use as the mask'),
  ignoreFrameOfReference: z
    .boolean()
    .default(false)
    .describe("use of a DICOM mask by its positions even if its FrameOfReferenceUID is not the scan's"),
});

export type MaskRuleOptions = z.input<typeof maskRuleSchema>;

/** Ground truth from a mask file: an image on the scan's grid, a DICOM SEG or an RTSTRUCT. */
export function maskRule(input: MaskRuleOptions = {}): LabelRule {
  const options = checkOptions(maskRuleSchema, 'choosing the label rule mask', input);
  return {
    name: 'mask',
    version: 3,
    options,
    files: (truth) => [labelSource('mask', truth)],
    fromPoints: () => false,
    label: async (volume, truth, onNote) => {
      const path = labelSource('mask', truth, volume.uid);
      const values = await readMaskFor(volume, path, { ...options, ...(onNote && { onNote }) });
      const mask = noduleVoxels(volume, path, values, truth.maskValues);
      return { mask, nodules: nodulesOf(volume, mask, truth), labelImage: labelImageContent(values, mask) };
    },
  };
}

const nodulesOf = (volume: Volume, mask: Uint8Array, { annotations, oneNodule }: ScanTruth) => {
  if (oneNodule) return [wholeNodule(volume, mask, annotations[0])];
  if (annotations.length > 0) return annotatedNodules(volume, mask, annotations);
  return markedNodules(volume, mask, componentsOf(volume, mask), []);
};

/** Maps the values of a mask to 1 (nodule) and 0; throws `mask-value` for a value of no known meaning. */
const noduleVoxels = (
  volume: Volume,
  path: string,
  values: Uint8Array,
  meanings: ScanTruth['maskValues'],
): Uint8Array => {
  const unknown = 2;
  const meaning = new Uint8Array(256).fill(meanings === undefined ? 1 : unknown);
  if (meanings === undefined) meaning[0] = 0;
  for (const value of meanings?.other ?? []) meaning[value] = 0;
  for (const value of meanings?.nodule ?? []) meaning[value] = 1;
  const mask = new Uint8Array(voxelCount(volume.shape));
  for (let position = 0; position < mask.length; position++) {
    const value = values[position]!;
    mask[position] = meaning[value]!;
    if (mask[position] !== unknown) continue;
    const known = [...(meanings?.nodule ?? []), ...(meanings?.other ?? [])].join(', ');
    throw new NoduleTrainError(
      'mask-value',
      `reading the mask ${path}: voxel ${position} is ${value}, expected one of ${known}. ` +
        'Check that the mask belongs to this data set.',
    );
  }
  return mask;
};
