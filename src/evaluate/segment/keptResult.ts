import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Geometry } from '../../ct/index.js';
import { DICOM_FORMATS, RECORD_FILE, RESULT_FILES, requestedFiles } from './resultFiles.js';
import type { SegmentResult } from './segmentEvents.js';
import { FORMATS, type Format } from './segmentOptions.js';

/** What `nodules.json` records of a result. */
export type ResultRecord = Geometry &
  Omit<SegmentResult, 'kept' | 'regions' | 'grid' | 'probabilities'> & { model: string; dicomKey?: string };

/**
 * Reads the record of an earlier result in a folder, if it has the same key and every requested file is there or could
 * not be written, and DICOM files, where requested, have been written or not with the same options; else returns null.
 * A damaged record is no result: its scan is segmented again.
 */
export function readKeptResult(
  out: string,
  key: string,
  { formats, probabilities, dicomKey }: { formats: readonly Format[]; probabilities: boolean; dicomKey: string },
): ResultRecord | null {
  const record = readRecord(join(out, RECORD_FILE));
  if (record === null || record.provenance?.key !== key) return null;
  const dicom = formats.some((format) => DICOM_FORMATS.some((each) => each === format));
  if (dicom && record.dicomKey !== dicomKey) return null;
  const impossible = new Set(record.notWritten.map(({ format }) => format));
  const wanted = requestedFiles(
    formats.filter((format) => !impossible.has(format)),
    probabilities,
  );
  const isComplete = wanted.every((name) => record.files.includes(name) && existsSync(join(out, name)));
  return isComplete ? record : null;
}

/** What stays in a folder of an earlier result with the same key. */
export type Remains = Pick<ResultRecord, 'files' | 'notWritten' | 'notes' | 'dicomKey'>;

/**
 * Prepares the folder of a result for new files: deletes the record of an earlier one, and those of its files that do
 * not belong to the new one. Whatever ends the process before the new record is written, the folder holds files of one
 * result alone, and no record of another.
 * @param dicomKey key of the options of DICOM objects; null if none is to be written
 */
export function replaceEarlier(out: string, { key, dicomKey }: { key: string; dicomKey: string | null }): Remains {
  const record = readRecord(join(out, RECORD_FILE));
  const isSame = record?.provenance?.key === key;
  const dicom = new Set<string>(DICOM_FORMATS.map((format) => RESULT_FILES[format]));
  const stays = (name: string) => isSame && (!dicom.has(name) || dicomKey === null || record.dicomKey === dicomKey);
  // Only names that `segment` writes: the record may have been edited.
  const known = new Set<string>(requestedFiles(FORMATS, true));
  const files = (record?.files ?? []).filter((name) => known.has(name) && name !== RECORD_FILE);
  for (const name of files) if (!stays(name)) rmSync(join(out, name), { force: true });
  rmSync(join(out, RECORD_FILE), { force: true });
  return {
    files: files.filter((name) => stays(name) && existsSync(join(out, name))),
    notWritten: isSame && dicomKey === null ? record.notWritten : [],
    notes: isSame && dicomKey === null ? record.notes : [],
    ...(isSame && record.dicomKey !== undefined && { dicomKey: record.dicomKey }),
  };
}

function readRecord(file: string): ResultRecord | null {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<ResultRecord> | null;
    const { files, notWritten, notes, nodules } = record ?? {};
    return [files, notWritten, notes, nodules].every(Array.isArray) ? (record as ResultRecord) : null;
  } catch {
    return null;
  }
}
