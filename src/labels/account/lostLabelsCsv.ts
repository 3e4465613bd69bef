import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { csvText, replaceFile } from '../../runtime/index.js';
import type { LabelAccount } from './labelAccount.js';

/** Name of the list of lost labels in the folder of a store or a run. */
export const LOST_LABELS_FILE = 'lost-labels.csv';

const COLUMNS = ['seriesuid', 'line', 'coordX', 'coordY', 'coordZ', 'diameter_mm', 'fate', 'reason'];

/** Formats the annotations that were not used as CSV, with the columns of LUNA16's list of nodules. */
export function lostLabelsCsv({ cases }: Pick<LabelAccount, 'cases'>): string {
  const rows = cases.map(({ uid, line, point, diameterMm = null, fate, reason }) => [
    uid,
    line === 0 ? null : line,
    ...(point ?? [null, null, null]),
    diameterMm,
    fate,
    reason,
  ]);
  return csvText(COLUMNS, rows);
}

/**
 * Writes the list of lost labels into a folder; without any, deletes a list that is there. Returns its path, or null if
 * there is none.
 */
export async function saveLostLabels(folder: string, account: LabelAccount): Promise<string | null> {
  const path = join(folder, LOST_LABELS_FILE);
  if (account.cases.length === 0) {
    await rm(path, { force: true });
    return null;
  }
  await replaceFile(path, lostLabelsCsv(account));
  return path;
}
