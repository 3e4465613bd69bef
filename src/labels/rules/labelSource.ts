import { NoduleTrainError } from '../../runtime/index.js';
import type { ScanTruth } from './labelRule.js';

/** For messages: the name of each kind of file, and how to give it. */
const KINDS = {
  mask: ['mask', 'a mask (in a folder of LUNA16 masks/UID_mask.mhd)'],
  votes: ["volume of readers' votes", "the readers' votes (in a folder of LUNA16 votes/UID_votes.mhd)"],
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
    `labelling ${series === undefined ? 'a scan' : `the scan ${series}`} by the rule ${kind}: it has no ${what}. ` +
      `Give ${give}, or choose another rule with --labels.`,
  );
}
