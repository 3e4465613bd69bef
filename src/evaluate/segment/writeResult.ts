import { join } from 'node:path';
import { pickGeometry, writeOnGrid } from '../../ct/index.js';
import { replaceFile, replaceJson, writeError } from '../../runtime/index.js';
import { type Remains, replaceEarlier } from './keptResult.js';
import { labelImage } from './labelImage.js';
import { nodulesPicture } from './pages/nodulesPicture.js';
import { scanReport } from './pages/scanReport.js';
import { DICOM_FORMATS, imageFormats, probabilityFiles, RECORD_FILE, RESULT_FILES } from './resultFiles.js';
import { dicomKey } from './resultKey.js';
import { modelName, nodulesCsv } from './resultTables.js';
import type { ScanResult } from './scanResult.js';
import type { JobOptions } from './segmentJob.js';
import type { Format } from './segmentOptions.js';
import type { StageLog } from './stageLog.js';
import { writeDicomResults } from './writeDicomResults.js';

export interface WrittenResult {
  /** Names of the files: those that were written, in their order, then those of an earlier run with the same key. */
  files: string[];
  notWritten: { format: Format; reason: string }[];
  /** Notes of the result, and on what was written. */
  notes: string[];
}

interface WriteOptions {
  out: string;
  options: JobOptions;
  /** One per voxel, if they are to be written. */
  probabilities: Float32Array | undefined;
  log: StageLog;
}

/** Returns the formats to write: those requested, or the usual ones for the scan. */
export function chosenFormats(requested: readonly Format[] | undefined, isDicom: boolean): Format[] {
  const usual: Format[] = ['json', 'csv', 'png', 'html', ...(isDicom ? (['seg', 'sr'] as const) : ['nifti' as const])];
  return [...new Set(requested ?? usual)];
}

/**
 * Writes the files of a result. `nodules.json` is always written, and last: it marks a complete result.
 * @throws NoduleTrainError `disk-full`, `write-failed`, and what reading a reference throws
 */
export async function writeResult(
  result: ScanResult,
  { out, options, probabilities, log }: WriteOptions,
): Promise<WrittenResult> {
  const { scan, provenance, nodules } = result;
  const notes = [...result.notes];
  const formats = chosenFormats(options.format, result.source?.series !== undefined);
  const dicom = DICOM_FORMATS.filter((format) => formats.includes(format));
  const ownKey = dicom.length > 0 ? dicomKey(options) : null;
  const earlier = clear(out, { key: provenance.key, dicomKey: ownKey });
  const files: string[] = [];
  const write = async (name: string, work: () => Promise<void>) => {
    await log.stage(`write ${name}`, work);
    files.push(name);
  };
  const grid = pickGeometry(scan);
  const images = imageFormats(formats);
  if (images.length > 0) {
    const labels = labelImage({ grid, regions: result.regions });
    for (const format of images)
      await write(RESULT_FILES[format], () =>
        writeOnGrid(join(out, RESULT_FILES[format]), 'writing the labels', grid, labels),
      );
  }
  if (probabilities !== undefined)
    for (const name of probabilityFiles(formats))
      await write(name, () => writeOnGrid(join(out, name), 'writing the probabilities', grid, probabilities));
  const notWritten: WrittenResult['notWritten'] = [];
  if (dicom.length > 0) {
    const written = await log.stage('write DICOM', () => writeDicomResults(result, dicom, { out, options }));
    files.push(...written.files);
    notWritten.push(...written.notWritten);
    notes.push(...written.notes);
  }
  const all = () => [...new Set([...files, ...earlier.files])];
  if (formats.includes('csv'))
    await write(RESULT_FILES.csv, () =>
      replaceFile(join(out, RESULT_FILES.csv), nodulesCsv({ series: scan.uid, nodules, provenance })),
    );
  if (formats.includes('png'))
    await write(RESULT_FILES.png, () => replaceFile(join(out, RESULT_FILES.png), nodulesPicture(result)));
  if (formats.includes('html'))
    await write(RESULT_FILES.html, () =>
      replaceFile(join(out, RESULT_FILES.html), scanReport({ ...result, notes }, [...all(), RECORD_FILE])),
    );
  const written = [...all(), RECORD_FILE];
  await replaceJson(join(out, RECORD_FILE), {
    series: scan.uid,
    model: modelName(provenance),
    spacing: scan.spacing,
    shape: scan.shape,
    origin: scan.origin,
    direction: scan.direction,
    operatingPoint: provenance.operatingPoint,
    candidates: result.candidates,
    dicomKey: ownKey ?? earlier.dicomKey,
    provenance,
    notes: [...new Set([...notes, ...earlier.notes])],
    files: written,
    notWritten: [...notWritten, ...earlier.notWritten],
    nodules,
  });
  return { files: written, notWritten, notes };
}

/** @throws NoduleTrainError `disk-full`, `write-failed` */
function clear(out: string, result: { key: string; dicomKey: string | null }): Remains {
  try {
    return replaceEarlier(out, result);
  } catch (cause) {
    throw writeError(out, cause);
  }
}
