import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readTable, SERIES_NAMES, type TableFormat } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';

/** Patient names of the LIDC-IDRI collection, which is anonymous. */
const PUBLIC_NAME = /LIDC-IDRI-\d{4}/;

/**
 * Finds the public name of a patient in a longer name, such as `LIDC-IDRI-0003` in `LIDC-IDRI-0003_n1`; null without
 * one.
 */
export function publicPatient(name: string): string | null {
  return PUBLIC_NAME.exec(name)?.[0] ?? null;
}

/** Makes a code that identifies a patient without the name. */
export function anonymousPatient(name: string): string {
  return `patient-${createHash('sha256').update(`nodule-train:patient:${name}`).digest('hex').slice(0, 16)}`;
}

/** Names without personal data. */
const ANONYMOUS_NAME = /^(LIDC-IDRI-\d{4}|patient-[0-9a-f]{16})$/;

/**
 * Makes the code that stands for a patient in splits, stores and models, because a list may contain names or birth
 * dates. The same name gives the same code everywhere, so it still tells patients apart; whoever guesses a name can
 * confirm it. Public names stay, and so do parts of the series' own name, which disclose nothing more.
 */
function patientCode(name: string, uid: string): string {
  return uid.includes(name) || ANONYMOUS_NAME.test(name) ? name : anonymousPatient(name);
}

/**
 * Finds the patient of each case: in `patients.csv`, else by the pattern, else by LIDC-IDRI's names. The returned
 * function gives null for an unknown patient.
 * @throws NoduleTrainError `patient-pattern` if a case does not match the given pattern, `patients-csv`
 */
export async function findPatients(
  uids: readonly string[],
  { csv, pattern }: { csv: string; pattern: string | undefined },
): Promise<(uid: string) => string | null> {
  const listed = await readPatients(csv);
  const search = pattern === undefined ? null : new RegExp(pattern);
  const found = new Map(
    uids.map((uid) => {
      const match = search?.exec(uid);
      const matched = match?.[1] ?? match?.[0] ?? '';
      if (search !== null && matched === '' && !listed.has(uid))
        throw new NoduleTrainError(
          'patient-pattern',
          `finding the patient of ${uid}: the pattern ${search} matches nothing in it, expected a match in every ` +
            'case. Give another pattern, or list the patients in patients.csv.',
        );
      return [uid, listed.get(uid) ?? (search === null ? publicPatient(uid) : patientCode(matched, uid))] as const;
    }),
  );
  return (uid) => found.get(uid) ?? null;
}

const PATIENTS = {
  doing: 'reading',
  columns: {
    seriesuid: { aliases: [...SERIES_NAMES, 'case'] },
    patient: { aliases: ['patientid', 'patientname', 'subject', 'subjectid'] },
  },
  expected: '"seriesuid,patient"',
  codes: { missing: 'patients-csv', header: 'patients-csv', line: 'patients-csv' },
  isPrivate: true,
} as const satisfies TableFormat<string>;

/**
 * Reads a list `seriesuid,patient`; empty without the file.
 * @throws NoduleTrainError `patients-csv` if a column is missing or a field is empty
 */
async function readPatients(path: string): Promise<Map<string, string>> {
  const patients = new Map<string, string>();
  if (!existsSync(path)) return patients;
  await readTable(path, PATIENTS, (row) => {
    const [uid, patient] = [row.text('seriesuid'), row.text('patient')];
    if (uid === '') throw row.fault('seriesuid', 'both of "seriesuid,patient"');
    if (patient === '') throw row.fault('patient', 'both of "seriesuid,patient"');
    patients.set(uid, patientCode(patient, uid));
  });
  return patients;
}
