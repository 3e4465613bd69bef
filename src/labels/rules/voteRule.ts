import { z } from 'zod';
import { labelImageContent } from '../account/labelImageContent.js';
import { componentsOf, markedNodules, wholeNodule } from '../nodulesOfMask.js';
import { readMaskFor } from '../readMaskFor.js';
import type { LabelRule } from './labelRule.js';
import { labelSource } from './labelSource.js';

export const voteRuleSchema = z.strictObject({
  /** LIDC has four readers; two are the 50 % consensus. */
  threshold: z
    .int()
    .min(1)
    .max(255)
    .default(2)
    .describe('minimum number of readers per voxel, for the rules votes and contours'),
});

export type VoteRuleOptions = z.input<typeof voteRuleSchema>;

/** Makes a mask: 1 where at least `threshold` readers marked the voxel, else 0. */
export function agreed(votes: Uint8Array, threshold: number): Uint8Array {
  const mask = new Uint8Array(votes.length);
  for (let position = 0; position < votes.length; position++) if (votes[position]! >= threshold) mask[position] = 1;
  return mask;
}

/**
 * Ground truth from an image of readers' votes. A nodule is a 26-connected component of voxels that at least one reader
 * marked. Its truth, the voxels that `threshold` readers marked, may be empty.
 */
export function voteRule(input: VoteRuleOptions = {}): LabelRule {
  const options = voteRuleSchema.parse(input);
  return {
    name: 'votes',
    version: 1,
    options,
    files: (truth) => [labelSource('votes', truth)],
    fromPoints: () => false,
    label: async (volume, truth, onNote) => {
      const votes = await readMaskFor(volume, labelSource('votes', truth, volume.uid), { ...(onNote && { onNote }) });
      const mask = agreed(votes, options.threshold);
      const nodules = truth.oneNodule
        ? [wholeNodule(volume, mask, truth.annotations[0])]
        : markedNodules(volume, mask, componentsOf(volume, votes), truth.annotations);
      // A nodule without agreement is a nodule, too.
      const content = labelImageContent(votes, mask);
      return { mask, nodules, labelImage: content === 'other' ? 'nodules' : content };
    },
  };
}
