import { join } from 'node:path';
import {
  checkSameVoxels,
  readSourceAttributes,
  type SourceAttributes,
  type Volume,
  type WrittenSegmentation,
  writeSegmentation,
} from '../../ct/index.js';
import { type DICOM_FORMATS, RESULT_FILES } from './resultFiles.js';
import { modelName } from './resultTables.js';
import { NOTICE, type ScanResult } from './scanResult.js';
import type { JobOptions } from './segmentJob.js';
import { noduleTracking } from './sr/noduleTracking.js';
import { shortText } from './sr/shortText.js';
import { writeStructuredReport } from './sr/writeStructuredReport.js';
import type { WrittenResult } from './writeResult.js';

/**
 * Writes the DICOM objects of a result. They refer to the series of the scan, or to the one that `reference` gives for
 * a scan in another format.
 */
export async function writeDicomResults(
  result: ScanResult,
  formats: readonly (typeof DICOM_FORMATS)[number][],
  { out, options }: { out: string; options: JobOptions },
): Promise<WrittenResult> {
  const attributes = await referencedSeries(result, options.reference, options.acquisition);
  if (attributes === null) {
    const reason =
      'the scan is not DICOM, and DICOM results refer to a series. Give the folder of the series that it was ' +
      'converted from with --reference.';
    return {
      files: [],
      notWritten: formats.map((format) => ({ format, reason })),
      notes: [`No ${formats.join(', ')} was written: ${reason}`],
    };
  }
  const tracking = noduleTracking(result);
  const written: WrittenResult = { files: [], notWritten: [], notes: [...attributes.notes] };
  let segmentation: WrittenSegmentation | null = null;
  for (const format of formats.filter((each) => each !== 'sr')) {
    const object = await writeSegmentation(join(out, RESULT_FILES[format]), {
      source: attributes,
      grid: result.scan,
      segments: result.regions.map(({ number, positions }, n) => ({
        number,
        positions,
        label: `Nodule ${number}`,
        tracking: tracking[n]!,
      })),
      kind: format === 'seg' ? 'binary' : 'labelmap',
      algorithm: {
        name: shortText(`nodule-train ${modelName(result.provenance)}`),
        version: result.provenance.version,
      },
      key: result.provenance.key,
      description: NOTICE,
      allFrames: options.allFrames,
    });
    // The report refers to the BINARY one, which more viewers read.
    segmentation ??= object;
    written.files.push(RESULT_FILES[format]);
    if (object.unplaced.length > 0)
      written.notes.push(
        `${RESULT_FILES[format]}: nodules ${object.unplaced.join(', ')} lie between the slices of the series, so their ` +
          'segments are empty',
      );
  }
  if (formats.includes('sr')) {
    const report = await writeStructuredReport(join(out, RESULT_FILES.sr), result, attributes, {
      segmentation: result.nodules.length > 0 ? segmentation : null,
      tracking,
    });
    written.files.push(RESULT_FILES.sr);
    written.notes.push(...report.notes);
  }
  return written;
}

/**
 * Reads what DICOM objects copy from the series of a scan, or from the `reference` of one in another format, which must
 * have its voxels; their axes may be in another order or direction. Null without either.
 * @throws NoduleTrainError `mask-shape` or `mask-grid` for a reference with other voxels, and what
 *   `readSourceAttributes` throws
 */
export async function referencedSeries(
  { source, scan }: { source: ScanResult['source']; scan: Volume },
  reference: string | undefined,
  acquisition: string | undefined,
): Promise<SourceAttributes | null> {
  if (source?.series !== undefined) return readSourceAttributes(source.path, { ...source, acquisition });
  if (reference === undefined) return null;
  const attributes = await readSourceAttributes(reference);
  checkSameVoxels('reference', reference, attributes.grid, scan);
  return attributes;
}
