import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { NoduleTrainError } from '../../runtime/index.js';

/** Names that the LIDC-IDRI collection gives its patients, who are unknown people. */
const publicName = /LIDC-IDRI-\d{4}/;

/** The public name of a patient in a longer one, such as `LIDC-IDRI-0003` in `LIDC-IDRI-0003_n1`; null where there is none. */
export const publicPatient = (name: string): string | null => publicName.exec(name)?.[0] ?? null;

/** A name that tells one patient from another and nothing else. */
export const anonymousPatient = (name: string): string =>
  `patient-${createHash('sha256').update(`nodule-train:patient:${name}`).digest('hex').slice(0, 16)}`;

const harmless = /^(LIDC-IDRI-\d{4}|patient-[0-9a-f]{16})$/;

/**
 * What stands for a patient in splits, stores and models: a list may have names or birth dates. The same name gives the same code
 * everywhere, so that it still tells one patient from another; whoever guesses the name can confirm it. Public names stay, and so
 * does what is part of the series' name, which tells no more than that one does.
 */
export const patientCode = (name: string, uid: string): string =>
  uid.includes(name) || harmless.test(name) ? name : anonymousPatient(name);

/**
 * The patient of each case: by `patients.csv`, else by the pattern, else by LIDC-IDRI's names; null where none says it.
 * @throws NoduleTrainError `patient-pattern` where a pattern is given and a case does not match it
 */
export async function patientsOf(
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
          `finding the patient of ${uid}: the pattern ${search} finds nothing in it; give one that fits every case, or a patients.csv`,
        );
      return [uid, listed.get(uid) ?? (search === null ? publicPatient(uid) : patientCode(matched, uid))] as const;
    }),
  );
  return (uid) => found.get(uid) ?? null;
}

/** Reads `seriesuid,patient`; a missing file says nothing of anybody. */
export async function readPatients(path: string): Promise<Map<string, string>> {
  if (!existsSync(path)) return new Map();
  const rows = parse(await readFile(path), { columns: true, bom: true, trim: true, skip_empty_lines: true }) as Record<
    string,
    string
  >[];
  return new Map(
    rows.map(({ seriesuid, patient }, i) => {
      const empty = seriesuid ? (patient ? null : 'patient') : 'seriesuid';
      // Not the line itself: it may hold a name.
      if (empty !== null)
        throw new NoduleTrainError(
          'patients-csv',
          `reading ${path}, line ${i + 2}: there is no ${empty}; wanted are both, under a header "seriesuid,patient"`,
        );
      return [seriesuid!, patientCode(patient!, seriesuid!)];
    }),
  );
}
