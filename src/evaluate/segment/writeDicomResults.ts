import { checkSameGrid, readSourceAttributes, type SourceAttributes } from '../../ct/index.js';
import type { DICOM_FORMATS } from './resultFiles.js';
import type { ScanResult } from './scanResult.js';
import type { JobOptions } from './segmentJob.js';
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
  const attributes = await referencedSeries(result, options.reference);
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
  void out;
  throw new Error('not yet');
}

async function referencedSeries(
  { source, scan }: ScanResult,
  reference: string | undefined,
): Promise<SourceAttributes | null> {
  if (source?.series !== undefined) return readSourceAttributes(source.path, source);
  if (reference === undefined) return null;
  const attributes = await readSourceAttributes(reference);
  checkSameGrid('reference', reference, attributes.grid, scan);
  return attributes;
}
