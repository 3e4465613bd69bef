import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  accountLine,
  accountNotes,
  accountRows,
  hasLosses,
  LOST_LABELS_FILE,
  type labelsEvent,
} from '../labels/index.js';
import { createTable, labelled } from './text.js';

/** The file that lists the lost labels of a data set: the requested one, else that of a prepared store. */
export function lostLabelsList(requested: string | undefined, data: string): string | null {
  const ofStore = join(data, LOST_LABELS_FILE);
  return requested ?? (existsSync(ofStore) ? ofStore : null);
}

/** Lost labels to print; the list has all. */
const EXAMPLES = 3;

/** Describes what became of the annotations and label images: in one line if all are used, else in a table. */
export function labelLines(account: ReturnType<typeof labelsEvent>): string[] {
  if (account.annotated === 0 && account.images.read === 0) return [];
  if (!hasLosses(account)) return [labelled('Labels', accountLine(account))];
  const isWhole = account.scans === account.scansInAll;
  const table = createTable([
    isWhole ? 'labels' : `labels of ${account.scans} of ${account.scansInAll} scans`,
    'number',
  ]);
  for (const row of accountRows(account)) table.push([...row]);
  const cases = account.cases.filter(({ fate }) => fate !== 'no-scan');
  const examples = cases
    .slice(0, EXAMPLES)
    .map(({ uid, line, reason }) => labelled('Lost', `series ${uid}${line > 0 ? `, line ${line}` : ''}: ${reason}`));
  const { list } = account;
  const rest = list === null ? 'Give --lost-labels-csv FILE to list all.' : `All are listed in ${list}`;
  return [
    ...table.toString().split('\n'),
    ...accountNotes(account).map((note) => labelled('Note', note)),
    ...examples,
    ...(cases.length === 0 ? [] : [labelled('', rest)]),
  ];
}
