import { NoduleTrainError } from '../../runtime/index.js';
import type { LabelAccount } from './labelAccount.js';

/** Annotations and scans from which on a data set is judged before all of its scans are read. */
const ENOUGH = { annotations: 10, scans: 4 };

/**
 * Describes a share of lost labels that cannot be right, with the likely cause; null if there is none. That is the case
 * if more than half of the annotations of scans on disk have no label (outside the volume, of an impossible size,
 * without a voxel; repeated ones do not count), or if no label image holds a nodule. Real lists lose a few of a
 * thousand. Before all scans are read, only the annotations are judged, and only if there are enough.
 */
export function impossibleLoss(account: LabelAccount): string | null {
  const { lost, onDisk, images, likelyCause, scans, scansInAll } = account;
  const isWhole = scans === scansInAll;
  const distinct = onDisk - lost.duplicate;
  const isEnough = distinct >= ENOUGH.annotations && scans >= ENOUGH.scans;
  const unlabelled = lost.outside + lost.size + lost['no-voxel'];
  if ((isWhole || isEnough) && 2 * unlabelled > distinct) {
    const parts = [
      `${lost.outside} outside the volume`,
      `${lost.size} of an impossible size`,
      `${lost['no-voxel']} without a labelled voxel`,
    ].filter((part) => !part.startsWith('0 '));
    const cause =
      likelyCause === null
        ? ''
        : `. Read ${likelyCause.text}, ${likelyCause.explained} of the ${lost.outside} points outside would be inside`;
    return `${unlabelled} of ${distinct} annotations have no label (${parts.join(', ')})${cause}`;
  }
  if (isWhole && images.read > 0 && images.empty + images.other === images.read) {
    const found = images.other === 0 ? 'all are empty' : `${images.other} hold other labels, ${images.empty} nothing`;
    return `none of ${images.read} label images holds a nodule (${found})`;
  }
  return null;
}

/**
 * Refuses data of which a share of the labels is lost that cannot be right.
 * @param doing beginning of the message, as in "training on DIR"
 * @param list file that lists all cases, if there is one
 * @throws NoduleTrainError `labels-lost`
 */
export function refuseImpossibleLoss(doing: string, account: LabelAccount, list: string | null = null): void {
  const loss = impossibleLoss(account);
  if (loss === null) return;
  const first = account.cases.find(({ fate }) => fate !== 'no-scan' && fate !== 'duplicate');
  const example =
    first === undefined
      ? ''
      : ` First: series ${first.uid}${first.line > 0 ? `, line ${first.line}` : ''}: ${first.reason}`;
  throw new NoduleTrainError(
    'labels-lost',
    `${doing}: ${loss}, expected a label for nearly every annotation.${example}${list === null ? '' : ` All: ${list}.`} ` +
      'Correct the annotations or label images, or give --allow-lost-labels.',
  );
}
