import { accountLine, accountNotes, accountRows, hasLosses, type LabelAccount, labelsEvent } from '../labels/index.js';
import type { Output } from './output.js';
import { createTable, labelled } from './text.js';

/** Lost labels to print; the list has all. */
const EXAMPLES = 3;

/**
 * Prints what became of the annotations and label images, and emits it as an event: one line if all are used, else a
 * table.
 * @param list file with all lost labels; null if none was requested
 */
export function showLabels(output: Output, account: LabelAccount, list: string | null): void {
  output.event(labelsEvent(account));
  for (const line of labelLines(account, list)) output.print(line);
}

export function labelLines(account: LabelAccount, list: string | null): string[] {
  if (account.annotated === 0 && account.images.read === 0) return [];
  if (!hasLosses(account)) return [labelled('Labels', accountLine(account))];
  const table = createTable([
    account.scans === account.scansInAll ? 'labels' : `labels of ${account.scans} of ${account.scansInAll} scans`,
    'number',
  ]);
  for (const row of accountRows(account)) table.push([...row]);
  const cases = account.cases.filter(({ fate }) => fate !== 'no-scan');
  const examples = cases.slice(0, EXAMPLES).map(({ uid, line, reason }) => {
    return labelled('Lost', `series ${uid}${line > 0 ? `, line ${line}` : ''}: ${reason}`);
  });
  const rest = list === null ? 'Give --lost-labels-csv FILE to list all.' : `All are listed in ${list}`;
  return [
    ...table.toString().split('\n'),
    ...accountNotes(account).map((note) => labelled('', note).trimStart()),
    ...examples,
    ...(cases.length === 0 ? [] : [labelled('', rest)]),
  ];
}
