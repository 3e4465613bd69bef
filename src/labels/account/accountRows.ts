import { type LabelAccount, LOST_FATES } from './labelAccount.js';

/** An account without its cases, as a manifest records it. */
export type LabelCounts = Omit<LabelAccount, 'cases'>;

import { LABEL_FATES } from './labelFate.js';

const counted = (count: number) => count.toLocaleString('en');

/** One row of the account: what is counted, and the number. */
export type AccountRow = readonly [what: string, count: string];

/** Rows of the table of an account. Fates that no annotation has are left out. */
export function accountRows(account: LabelCounts): AccountRow[] {
  const { annotated, onDisk, lost, used, withoutAgreement, images } = account;
  const row = (what: string, count: number): AccountRow[] => (count === 0 ? [] : [[what, counted(count)]]);
  return [
    ['annotated', counted(annotated)],
    ...(lost['no-scan'] === 0 ? [] : row('on disk', onDisk)),
    ...LOST_FATES.flatMap((fate) => row(LABEL_FATES[fate], lost[fate])),
    ['used', counted(used)],
    ...row('used without agreement of readers', withoutAgreement),
    ...row('label images', images.read),
    ...row('label images without any label', images.empty),
    ...row('label images with other labels only', images.other),
  ];
}

/** Whether an annotation or label image of a scan on disk was lost, so that the table is worth its space. */
export function hasLosses({ annotated, used, lost, images }: LabelCounts): boolean {
  return annotated - used > lost['no-scan'] || images.other > 0;
}

/** Summarizes an account in one line. */
export function accountLine(account: LabelCounts): string {
  const { annotated, used, lost, withoutAgreement, images, scans, scansInAll } = account;
  const parts = [
    annotated === used
      ? `${counted(annotated)} annotated, all used`
      : `${counted(annotated)} annotated, ${counted(used)} used`,
    ...(lost['no-scan'] === 0 ? [] : [`${counted(lost['no-scan'])} of series that are not on disk`]),
    ...(withoutAgreement === 0 ? [] : [`${counted(withoutAgreement)} without agreement of readers`]),
    ...(images.empty === 0 ? [] : [`${counted(images.empty)} of ${counted(images.read)} label images are empty`]),
    ...(scans === scansInAll ? [] : [`${counted(scans)} of ${counted(scansInAll)} scans read`]),
  ];
  return parts.join('; ');
}

/** Sentences about what the losses have in common. */
export function accountNotes({ lost, likelyCause, images }: LabelCounts): string[] {
  const cause =
    likelyCause === null
      ? []
      : [
          `Read ${likelyCause.text}, ${likelyCause.explained} of the ${lost.outside} points outside the volume would be ` +
            'inside.',
        ];
  const other =
    images.other === 0 ? [] : [`${images.other} of ${images.read} label images hold only labels that are not nodules.`];
  return [...cause, ...other];
}
