import { NoduleTrainError } from '../../runtime/index.js';
import type { ScanTruth } from './labelRule.js';

const kinds = {
  mask: ['mask', 'a mask (in a folder of LUNA16 masks/UID_mask.mhd)'],
  votes: ["volume of readers' votes", "the readers' votes (in a folder of LUNA16 votes/UID_votes.mhd)"],
  contours: ["file of readers' outlines", 'the folder of the LIDC XML files with --contours'],
} as const;

/** The file that a rule reads, or one error ('label-source') that says what the scan lacks. */
export const labelSource = (kind: keyof typeof kinds, truth: ScanTruth, uid?: string): string => {
  const path = truth[kind];
  if (path !== null) return path;
  const [what, give] = kinds[kind];
  const series = uid ?? truth.annotations[0]?.uid;
  throw new NoduleTrainError(
    'label-source',
    `labelling ${series === undefined ? 'a scan' : `the scan ${series}`} by the rule ${kind}: it has no ${what}; give ${give}, or choose another rule with --labels`,
  );
};
