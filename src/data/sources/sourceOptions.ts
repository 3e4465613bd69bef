import { z } from 'zod';
import { scanFileSchema } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';

export const LAYOUTS = ['luna16', 'lidc', 'pairs', 'nnunet'] as const;

/** Options for what a folder of scans does not tell by itself. */
export const sourceOptionsSchema = z.object({
  layout: z
    .enum(['auto', ...LAYOUTS])
    .default('auto')
    .describe('layout of the folder of scans; auto: recognize it'),
  annotations: z.string().min(1).optional().describe('luna16: list of nodules; default annotations.csv in DIR'),
  contours: z
    .string()
    .min(1)
    .optional()
    .describe("folder of LIDC's XML files, matched by series UID; lidc: default DIR"),
  masks: z.string().min(1).optional().describe('pairs: folder of the label images; default DIR/labels'),
  label: z.string().min(1).optional().describe('nnunet: label or region of nodules, if there are several'),
  channel: z.string().min(1).optional().describe('nnunet: channel to read, if there are several'),
  splits: z.string().min(1).optional().describe("file of folds like nnU-Net's splits_final.json, or its folder"),
  ...scanFileSchema.shape,
  allowLostLabels: z
    .boolean()
    .default(false)
    .describe('continue if so many annotations or label images are unusable that the data or options must be wrong'),
  crops: z
    .boolean()
    .optional()
    .describe(
      'whether each case is a crop around one nodule; default: yes for label images with arbitrary intensities',
    ),
  patientPattern: z
    .string()
    .min(1)
    .refine(isRegularExpression, 'expected a regular expression')
    .optional()
    .describe(
      "regular expression for the patient in a case's name: its first group, or the match; default LIDC-IDRI-NNNN",
    ),
});

export type SourceOptions = z.input<typeof sourceOptionsSchema>;

/** Picks the source options of a larger configuration. */
export function pickSourceOptions(config: SourceOptions): SourceOptions {
  return Object.fromEntries(
    Object.keys(sourceOptionsSchema.shape).map((name) => [name, config[name as keyof SourceOptions]]),
  );
}

/** Names of the source options that are given and not at their defaults. */
export function changedSourceOptions(given: SourceOptions): (keyof SourceOptions)[] {
  const defaults: SourceOptions = sourceOptionsSchema.parse({});
  const names = Object.keys(sourceOptionsSchema.shape) as (keyof SourceOptions)[];
  return names.filter((name) => given[name] !== undefined && given[name] !== defaults[name]);
}

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text) !== null;
  } catch {
    return false;
  }
}

/**
 * Refuses options that the layout does not use: ignoring a `--label` would train on something else than intended.
 * @throws NoduleTrainError `data-option`
 */
export function refuseOptions(dir: string, layout: string, given: SourceOptions, names: (keyof SourceOptions)[]): void {
  for (const name of names)
    if (given[name] !== undefined)
      throw new NoduleTrainError(
        'data-option',
        `opening the data folder ${dir}: found the option \`${name}\`, which the layout ${layout} does not use. ` +
          'Omit it, or choose another --layout.',
      );
}

/**
 * Decides whether each case is a crop around one nodule: by the option, else by the intensity, which `notes` then tells
 * the user.
 */
export function chooseCrops(
  crops: boolean | undefined,
  intensity: SourceOptions['intensity'],
): { crops: boolean; notes: string[] } {
  if (crops !== undefined || intensity !== 'arbitrary') return { crops: crops ?? false, notes: [] };
  const note =
    'Reading each case as a crop around one nodule, because its intensities are arbitrary. ' +
    'Give --no-crops if the cases are whole scans.';
  return { crops: true, notes: [note] };
}
