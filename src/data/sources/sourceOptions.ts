import { z } from 'zod';
import { NoduleTrainError } from '../../runtime/index.js';

export const layouts = ['luna16', 'lidc', 'pairs', 'nnunet'] as const;

/** What must be said of a folder of scans where it does not say it itself. */
export const sourceOptionsSchema = z.object({
  layout: z
    .enum(['auto', ...layouts])
    .default('auto')
    .describe('how the folder of scans is laid out; auto looks'),
  annotations: z.string().min(1).optional().describe("luna16: the list of nodules; default DIR's annotations.csv"),
  contours: z
    .string()
    .min(1)
    .optional()
    .describe("folder of LIDC's XML files, which are found in it by their series' UID; lidc: default DIR"),
  masks: z.string().min(1).optional().describe('pairs: folder of the label images; default DIR/labels'),
  label: z.string().min(1).optional().describe('nnunet: the label or region that is nodule, where there are several'),
  channel: z.string().min(1).optional().describe('nnunet: the channel to read, where there are several'),
  splits: z
    .string()
    .min(1)
    .optional()
    .describe("folds of the data in the form of nnU-Net's splits_final.json, or the folder that it lies in"),
  intensity: z
    .enum(['hu', 'arbitrary'])
    .optional()
    .describe('what the voxels are, where the files do not say it: Hounsfield units, or 8-bit and rescaled values'),
  crops: z
    .boolean()
    .optional()
    .describe('each case is a crop around one nodule; default: where label images come with arbitrary intensities'),
  patientPattern: z
    .string()
    .min(1)
    .refine(isRegularExpression, 'a regular expression is wanted')
    .optional()
    .describe("finds the patient in a case's name: its first group, or all that matches; default LIDC-IDRI-NNNN"),
});

export type SourceOptions = z.input<typeof sourceOptionsSchema>;

/** Those of a larger configuration. */
export const sourceOptionsOf = (config: SourceOptions): SourceOptions =>
  Object.fromEntries(Object.keys(sourceOptionsSchema.shape).map((name) => [name, config[name as keyof SourceOptions]]));

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text) !== null;
  } catch {
    return false;
  }
}

/**
 * Refuses options that mean nothing in this layout: a `--label` that is passed over would train on something else than wanted.
 * @throws NoduleTrainError `data-option`
 */
export function refuseOptions(dir: string, layout: string, given: SourceOptions, names: (keyof SourceOptions)[]): void {
  for (const name of names)
    if (given[name] !== undefined)
      throw new NoduleTrainError(
        'data-option',
        `opening the data folder ${dir}: \`${name}\` was given, but the layout ${layout} has no use for it; leave it out, or say another layout`,
      );
}
