import { basename } from 'node:path';
import { isImageFile, uidOf } from '../../ct/index.js';
import type { Annotation, LostLabel } from '../../labels/index.js';
import { caseKey } from './caseNames.js';

/** Annotations with the UIDs of scans on disk, and those that fit none. */
export interface MatchedAnnotations {
  /** Annotations of scans on disk, with the scan's UID. */
  readonly matched: readonly Annotation[];
  readonly lost: readonly LostLabel[];
  /** What was repaired and what looks wrong, one sentence each. */
  readonly notes: readonly string[];
  /** Describes a mismatch that cannot be right; null if there is none. */
  readonly mismatch: string | null;
}

/** What a value of `seriesuid` is if it is not the UID of a scan. */
interface Misfit {
  readonly reason: string;
  /** It cannot be the UID of any series, so its scan is probably on disk without its nodules. */
  readonly isWrong: boolean;
}

/** Excel shows long numbers so, and saves what it shows. */
const EXCEL_NUMBER = /^\d+([.,]\d+)?E\+?\d+$/i;
const NUMBER = /^[+-]?\d+([.,]\d+)?$/;
const UID = /^[0-9]+(\.[0-9]+)+$/;

/** Share of annotations with wrong values from which on the list is refused. Real lists have none. */
const WRONG_SHARE = 0.05;

/**
 * Finds the scan of each annotation by its UID. What spreadsheets and scripts add to a UID (quotes, spaces, an
 * apostrophe, a path, an extension, a channel number) is removed where exactly one scan fits then, and reported.
 *
 * Scans on disk without an annotation are normal, and so are annotations of series that are not on disk, as in a part
 * of LUNA16. If both occur they may belong together: training would take background from the nodules of such scans.
 */
export function matchSeries(annotations: readonly Annotation[], onDisk: readonly string[]): MatchedAnnotations {
  const scans = new Set(onDisk);
  const folded = new Map<string, string | null>();
  for (const uid of onDisk) folded.set(caseKey(uid), folded.has(caseKey(uid)) ? null : uid);
  const found = new Map<string, { uid: string; what: string | null } | null>();
  const repairs = new Map<string, { rows: number; example: string }>();
  const matched: Annotation[] = [];
  const lost: LostLabel[] = [];
  let wrong = 0;
  for (const annotation of annotations) {
    const { uid: listed, center, diameterMm, line } = annotation;
    if (!found.has(listed)) found.set(listed, findScan(listed, scans, folded));
    const scan = found.get(listed);
    if (scan === null || scan === undefined) {
      const { reason, isWrong } = describe(listed);
      if (isWrong) wrong++;
      lost.push({ uid: listed, fate: 'no-scan', line, reason, point: center, diameterMm });
      continue;
    }
    matched.push(scan.uid === listed ? annotation : { ...annotation, uid: scan.uid });
    if (scan.what === null) continue;
    const repair = repairs.get(scan.what) ?? { rows: 0, example: listed };
    repair.rows++;
    repairs.set(scan.what, repair);
  }
  const notes = [...repairs].map(
    ([what, { rows, example }]) =>
      `Removed ${what} from the series UID of ${rows === 1 ? 'an annotation' : `${rows} annotations`} (first: ${JSON.stringify(example)}).`,
  );
  const annotated = new Set(matched.map(({ uid }) => uid));
  const without = onDisk.filter((uid) => !annotated.has(uid));
  if (lost.length === 0 || without.length === 0) return { matched, lost, notes, mismatch: null };
  const first = lost.find(({ uid }) => describe(uid).isWrong) ?? lost[0]!;
  const summary =
    `${lost.length} of ${annotations.length} annotations match no scan, and ${without.length} of ${onDisk.length} scans ` +
    'have no annotation';
  const example = `line ${first.line}: seriesuid is ${JSON.stringify(first.uid)}. ${first.reason}`;
  if (wrong > 0 || matched.length === 0)
    notes.push(`${summary}: their nodules would be taken as background. First of them, ${example}`);
  else
    notes.push(
      `${summary}. That is normal for a part of a data set; if all its scans are here, compare the UIDs: the list has ` +
        `${first.uid} (line ${first.line}), the scans ${without[0]}.`,
    );
  const isRefused = matched.length === 0 || wrong > WRONG_SHARE * annotations.length;
  return {
    matched,
    lost,
    notes,
    mismatch: isRefused ? `${summary}. First of them, ${example} A scan is ${without[0]}.` : null,
  };
}

/** Changes to a listed value, each with what it removes. */
const REPAIRS: readonly [what: string, repair: (value: string) => string][] = [
  // Also no-break and zero-width spaces, and the apostrophe that makes Excel take a number as text.
  ['quotes and spaces', (value) => value.replace(/^[\s\u200b\ufeff'"`]+|[\s\u200b\ufeff'"`]+$/g, '')],
  ['a path', (value) => basename(value.replaceAll('\\', '/'))],
  [
    'an extension',
    (value) => (isImageFile(value) ? uidOf(value) : value.replace(/\.(npy|npz|csv|xml|zip|z?raw)$/i, '')),
  ],
  ['the number of a channel', (value) => value.replace(/_\d{4}$/, '')],
  ['a decimal place', (value) => value.replace(/\.0$/, '')],
];

/** Finds the scan that a listed value means: itself, or after the repairs, each on top of those before. */
function findScan(
  listed: string,
  scans: ReadonlySet<string>,
  folded: ReadonlyMap<string, string | null>,
): { uid: string; what: string | null } | null {
  if (scans.has(listed)) return { uid: listed, what: null };
  let value = listed;
  const removed: string[] = [];
  for (const [what, repair] of REPAIRS) {
    const repaired = repair(value);
    if (repaired === value || repaired === '') continue;
    const uid = scans.has(repaired) ? repaired : (folded.get(caseKey(repaired)) ?? null);
    if (uid !== null) return { uid, what: [...removed, what].join(', ') };
    value = repaired;
    removed.push(what);
  }
  const uid = folded.get(caseKey(value)) ?? null;
  return uid === null ? null : { uid, what: [...removed, 'a difference of case'].join(', ') };
}

function describe(listed: string): Misfit {
  const value = REPAIRS[0]![1](listed);
  if (EXCEL_NUMBER.test(value))
    return {
      isWrong: true,
      reason: 'A spreadsheet rounded the UID to a number, which cannot be undone. Import the column as text.',
    };
  if (UID.test(value) && value.length > 64) return { isWrong: true, reason: 'A UID has at most 64 characters.' };
  if (NUMBER.test(value))
    return { isWrong: true, reason: 'That is a number. Does another column hold the UID, or is one missing?' };
  if (/^LIDC-IDRI-\d+/i.test(value))
    return { isWrong: true, reason: 'That is a patient of LIDC-IDRI, not a series. Give the series UID.' };
  if (UID.test(value) && value.length > 64) return { isWrong: true, reason: 'A UID has at most 64 characters.' };
  return { isWrong: false, reason: 'No scan on disk has this series UID.' };
}
