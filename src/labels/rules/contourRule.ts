import { contourVotes } from '../contours/contourVotes.js';
import { readLidcXml } from '../contours/readLidcXml.js';
import { markedNodules } from '../nodulesOfMask.js';
import type { LabelRule } from './labelRule.js';
import { labelSource } from './labelSource.js';
import { agreed, type VoteRuleOptions, voteRuleSchema } from './voteRule.js';

/** Ground truth from the outlines in LIDC's XML: the voxels that at least `threshold` readers marked. */
export function contourRule(input: VoteRuleOptions = {}): LabelRule {
  const options = voteRuleSchema.parse(input);
  return {
    name: 'contours',
    version: 1,
    options,
    files: (truth) => [labelSource('contours', truth)],
    fromPoints: () => false,
    label: async (volume, truth) => {
      const { votes, groups } = contourVotes(volume, await readLidcXml(labelSource('contours', truth, volume.uid)));
      const mask = agreed(votes, options.threshold);
      return { mask, nodules: markedNodules(volume, mask, groups, truth.annotations) };
    },
  };
}
