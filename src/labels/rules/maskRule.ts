import { z } from 'zod';
import { checkOptions, type Volume, voxelCount } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { annotatedNodules, componentsOf, markedNodules, wholeNodule } from '../nodulesOfMask.js';
import { readMaskFor } from '../readMaskFor.js';
import type { LabelRule, ScanTruth } from './labelRule.js';
import { labelSource } from './labelSource.js';

export const maskRuleSchema = z.strictObject({
  /** Number or label; where there is only one it need not be said. */
  segment: z.string().min(1).optional().describe('segment of a DICOM SEG or region of an RTSTRUCT that is the mask'),
});

export type MaskRuleOptions = z.input<typeof maskRuleSchema>;

/** Truth that is given: an image on the scan's grid, a DICOM SEG or an RTSTRUCT. */
export const maskRule = (input: MaskRuleOptions = {}): LabelRule => {
  const options = checkOptions(maskRuleSchema, 'choosing the rule mask', input);
  return {
    name: 'mask',
    version: 2,
    options,
    files: (truth) => [labelSource('mask', truth)],
    label: async (volume, truth) => {
      const path = labelSource('mask', truth, volume.uid);
      const mask = noduleVoxels(volume, path, await readMaskFor(volume, path, options), truth.maskValues);
      return { mask, nodules: nodulesOf(volume, mask, truth) };
    },
  };
};

const nodulesOf = (volume: Volume, mask: Uint8Array, { annotations, oneNodule }: ScanTruth) => {
  if (oneNodule) return [wholeNodule(volume, mask, annotations[0])];
  if (annotations.length > 0) return annotatedNodules(volume, mask, annotations);
  return markedNodules(volume, mask, componentsOf(volume, mask), []);
};

/** 1 for the values that mean a nodule; 0 for the others. */
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
      `reading the mask ${path}: voxel number ${position} is ${value}; the values that mean something are ${known}: is this the mask of another data set?`,
    );
  }
  return mask;
};
