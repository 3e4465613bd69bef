import { z } from 'zod';
import { NoduleTrainError } from '../runtime/index.js';
import { checkOptions } from './checkOptions.js';
import { formatOf } from './formats.js';
import { type Geometry, geometryOf } from './grid/volume.js';
import { readMask, readVolume } from './readVolume.js';
import { refuseExisting } from './refuseExisting.js';
import { refuseReadOnly, writeMask, writeVolume } from './writeVolume.js';

/** Options of `convertScan`. */
export const convertScanOptionsSchema = z.strictObject({
  intensity: z
    .enum(['hu', 'arbitrary'])
    .optional()
    .describe('whether values are Hounsfield units, where the file does not say it or says it wrongly'),
  series: z.string().min(1).optional().describe('UID of the series to read from a DICOM folder that holds several'),
  resample: z
    .boolean()
    .default(false)
    .describe('put sheared axes or unevenly spaced slices on a straight, even grid instead of refusing them'),
  mask: z
    .boolean()
    .default(false)
    .describe('the image is labels (whole numbers from 0 to 255): written as bytes, resampled by the nearest voxel'),
});

export type ConvertScanOptions = z.input<typeof convertScanOptionsSchema> & {
  /** Told what the user should know, as of `readVolume`. */
  onNote?: (text: string) => void;
  /** Told when reading and when writing begins. */
  onStage?: (stage: 'reading' | 'writing') => void;
};

/** What was written. */
export type ConvertedScan = Geometry & {
  readonly uid: string;
  /** Null for labels. */
  readonly intensity: 'hu' | 'arbitrary' | null;
};

/**
 * Reads a scan (or labels) of any format and writes it in the one that the name of `to` says. Values go out as int16 (labels as bytes), float64
 * where int16 does not hold them. Voxels stay in the file's order, nothing is reoriented.
 * Throws 'convert-exists' where `to` or its file of values is there already, so that no input is written over; else as `readVolume` and `writeVolume`.
 */
export const convertScan = async (
  from: string,
  to: string,
  { onNote, onStage = () => {}, ...rest }: ConvertScanOptions = {},
): Promise<ConvertedScan> => {
  const { mask, intensity, series, resample } = checkOptions(convertScanOptionsSchema, `converting ${from}`, rest);
  // Before the reading, which may take long.
  formatOf(from, 'reading the scan');
  refuseReadOnly(to, 'writing the scan');
  for (const written of filesOf(to)) await refuseExisting(written);
  const note = onNote && { onNote };
  onStage('reading');
  if (mask) {
    if (intensity !== undefined)
      throw new NoduleTrainError(
        'options',
        `converting ${from}: wrong options: intensity: labels have none; leave it out`,
      );
    const labels = await readMask(from, { series, resample });
    onStage('writing');
    await writeMask(to, labels);
    const { voxels: _, ...written } = labels;
    return { ...written, intensity: null };
  }
  const volume = await readVolume(from, { intensity, series, resample, ...note });
  onStage('writing');
  await writeVolume(to, volume);
  const { intensity: written, uid } = volume;
  return { ...geometryOf(volume), intensity: written, uid };
};

/** The file itself and that of its values, where the format has two. */
const filesOf = (path: string): string[] => [
  path,
  ...(/\.mhd$/i.test(path) ? [path.replace(/\.mhd$/i, '.zraw')] : []),
  ...(/\.nhdr$/i.test(path) ? [path.replace(/\.nhdr$/i, '.raw.gz')] : []),
];
