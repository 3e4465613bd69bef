import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Geometry } from '../../ct/index.js';
import { DICOM_FORMATS, RECORD_FILE, requestedFiles } from './resultFiles.js';
import type { SegmentResult } from './segmentEvents.js';
import type { Format } from './segmentOptions.js';

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

function readRecord(file: string): ResultRecord | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ResultRecord;
  } catch {
    return null;
  }
}
