import { NoduleTrainError } from '../../runtime/index.js';
import type { ScanTruth } from './labelRule.js';

/** For messages: the name of each kind of file, and how to give it. */
const KINDS = {
  mask: ['mask', 'a mask (masks/UID_mask.mhd in a LUNA16 folder)'],
  votes: ["volume of readers' votes", "the readers' votes (votes/UID_votes.mhd in a LUNA16 folder)"],
  contours: ["file of readers' outlines", 'the folder of the LIDC XML files with --contours'],
} as const;

/**
 * Path of the file that a rule reads.
 * @throws NoduleTrainError `label-source` if the scan has no such file, with what to give
 */
export function labelSource(kind: keyof typeof KINDS, truth: ScanTruth, uid?: string): string {
  const path = truth[kind];
  if (path !== null) return path;
  const [what, give] = KINDS[kind];
  const series = uid ?? truth.annotations[0]?.uid;
  throw new NoduleTrainError(
    'label-source',
    `labelling ${series === undefined ? 'a scan' : `the scan ${series}`} with the rule ${kind}: it has no ${what}. ` +
      `Give ${give}, or choose another rule with --labels.`,
  );
}
