import { z } from 'zod';

const limited = () => z.number().min(-1e9).max(1e9);

/** How the file of a scan is read. Every command that reads scans has these options. */
export const scanFileSchema = z.strictObject({
  intensity: z
    .enum(['hu', 'arbitrary'])
    .optional()
    .describe(
      'voxel unit, if the files do not record it or are wrong; hu: Hounsfield units, arbitrary: others, such as 8-bit ' +
        'or rescaled values',
    ),
  rescale: z
    .tuple([limited().refine((slope) => slope !== 0, 'expected a slope other than 0'), limited()])
    .optional()
    .describe(
      'slope,intercept that turn the values of the files into Hounsfield units, where their own is missing or wrong; ' +
        '1,-1024 for HU + 1024',
    ),
  acquisition: z
    .string()
    .regex(/^(first|last|\d{1,9})$/, 'expected first, last or a number')
    .optional()
    .describe(
      'which of several acquisitions, phases or reconstructions of the same slices in a DICOM series: its number, ' +
        'first or last',
    ),
  resample: z
    .boolean()
    .default(false)
    .describe('resampling of sheared axes or unevenly spaced slices to a regular grid, instead of an error'),
  fillGaps: z
    .boolean()
    .default(false)
    .describe('interpolation of several slices missing in a row, with --resample, instead of an error'),
  niftiTransform: z
    .enum(['sform', 'qform'])
    .optional()
    .describe('transform of a NIfTI file to use where sform and qform contradict each other; default: sform'),
});

export type ScanFileOptions = z.input<typeof scanFileSchema>;

/** Picks the options of reading from a larger configuration; those that have their default are absent. */
export function pickScanFileOptions(config: ScanFileOptions): ScanFileOptions {
  const defaults: Record<string, unknown> = scanFileSchema.parse({});
  return Object.fromEntries(
    Object.keys(scanFileSchema.shape)
      .map((name) => [name, config[name as keyof ScanFileOptions]] as const)
      .filter(([name, value]) => value !== undefined && value !== defaults[name]),
  );
}

/** Options of `readVolume`. */
export const readOptionsSchema = z.strictObject({
  ...scanFileSchema.shape,
  /** UID of the series to read from a DICOM folder with several series. */
  series: z.string().min(1).optional(),
  /** Files of that series in the folder, as `findScans` gives them, so that other files are not opened. */
  files: z.array(z.string()).readonly().optional(),
});

export type ReadOptions = z.input<typeof readOptionsSchema> & {
  /**
   * Called with what the user should know about a file, such as values that int16 cannot hold exactly. By default it
   * emits a process warning.
   */
  onNote?: (text: string) => void;
};

/** Options of `readMask`. */
export const maskOptionsSchema = z.strictObject({
  ...readOptionsSchema.omit({ intensity: true, rescale: true, files: true }).shape,
  /** Number or name of the segment to read from a file that names its segments; needed if there are several. */
  segment: z.union([z.string(), z.number()]).optional(),
  /** Read labels above 255, such as instance numbers, as 255 instead of refusing them. */
  clampLabels: z.boolean().default(false),
});

export type MaskOptions = z.input<typeof maskOptionsSchema> & Pick<ReadOptions, 'onNote'>;
