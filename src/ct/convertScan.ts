import { z } from 'zod';
import { checkOutputFile, NoduleTrainError, quoted } from '../runtime/index.js';
import { checkOptions } from './checkOptions.js';
import { inferFormat } from './formats.js';
import { type Geometry, pickGeometry } from './grid/volume.js';
import { readMask } from './readMask.js';
import { scanFileSchema } from './readOptions.js';
import { readVolume } from './readVolume.js';
import { refuseExisting } from './refuseExisting.js';
import { refuseReadOnly, writeMask, writeVolume } from './writeVolume.js';

/** Options of `convertScan`. */
export const convertScanOptionsSchema = z.strictObject({
  ...scanFileSchema.shape,
  series: z.string().min(1).optional().describe('UID of the series to read from a DICOM folder with several series'),
  mask: z
    .boolean()
    .default(false)
    .describe('label image (whole numbers from 0 to 255): written as bytes, resampled by nearest neighbour'),
  segment: z
    .string()
    .min(1)
    .optional()
    .describe('number or name of the segment of a .seg.nrrd to convert, with --mask'),
});

export type ConvertScanOptions = z.input<typeof convertScanOptionsSchema> & {
  /** Called with what the user should know about the file, as in `readVolume`. */
  onNote?: (text: string) => void;
  /** Called when reading begins and when writing begins. */
  onStage?: (stage: 'reading' | 'writing') => void;
};

/** Geometry and meaning of the image that was written. */
export type ConvertedScan = Geometry & {
  readonly uid: string;
  /** `null` for labels. */
  readonly intensity: 'hu' | 'arbitrary' | null;
};

/**
 * Converts a scan or labels between file formats; the extension of `to` selects the output format. Values are written
 * as int16, or as float64 where int16 cannot hold them; labels as bytes. Voxels keep the file's order, nothing is
 * reoriented.
 * @throws NoduleTrainError `convert-exists` if `to` or its data file exists already, so no file is overwritten; and
 * what `readVolume` and `writeVolume` throw
 */
export const convertScan = async (
  from: string,
  to: string,
  { onNote, onStage = () => {}, ...rest }: ConvertScanOptions = {},
): Promise<ConvertedScan> => {
  const { mask, segment, ...reading } = checkOptions(convertScanOptionsSchema, `converting ${from}`, rest);
  // Check both names first: reading may take long.
  inferFormat(from, 'reading the scan');
  refuseReadOnly(to, 'writing the scan');
  for (const written of filesOf(to)) {
    await refuseExisting(`converting ${from}`, written);
    checkOutputFile(`converting ${from}`, 'the output', written);
  }
  const note = onNote && { onNote };
  onStage('reading');
  if (mask) {
    const { intensity, ...labelsReading } = reading;
    if (intensity !== undefined)
      throw new NoduleTrainError(
        'options',
        `converting ${from}: found intensity ${intensity}, but a label image has none. Remove intensity or mask.`,
      );
    const labels = await readMask(from, { ...labelsReading, segment, ...note });
    onStage('writing');
    await writeMask(to, labels);
    return { ...pickGeometry(labels), uid: labels.uid, intensity: null };
  }
  if (segment !== undefined)
    throw new NoduleTrainError(
      'options',
      `converting ${from}: found segment ${quoted(segment)}, but a scan has none. Add mask (--mask).`,
    );
  const volume = await readVolume(from, { ...reading, ...note });
  onStage('writing');
  await writeVolume(to, volume);
  const { intensity: written, uid } = volume;
  return { ...pickGeometry(volume), intensity: written, uid };
};

/** The file itself, and its data file where the format has two. */
const filesOf = (path: string): string[] => [
  path,
  ...(/\.mhd$/i.test(path) ? [path.replace(/\.mhd$/i, '.zraw')] : []),
  ...(/\.nhdr$/i.test(path) ? [path.replace(/\.nhdr$/i, '.raw.gz')] : []),
];
