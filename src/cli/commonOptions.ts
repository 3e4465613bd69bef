import { z } from 'zod';

/** Help of the option `--json`. */
export const JSON_HELP = 'events as JSON lines on stdout, everything else on stderr';

export const deviceSchema = z.string().default('auto').describe('device: auto (CUDA if usable), cpu, cuda or cuda:N');

const path = z.string().min(1);

/** Data options of the commands that apply a model. */
export const dataSchema = path.describe('folder of scans (LUNA16, LIDC, pairs, nnU-Net raw), or a prepared store');

/** Part of the data to score. */
export const partSchema = z.strictObject({
  split: path.optional().describe("split file, such as a run's split.json, to score only one part of it"),
  part: z
    .enum(['train', 'validation', 'test'])
    .optional()
    .describe('part of the split to score; default: test, with --fold validation'),
  folds: z
    .int()
    .min(2)
    .max(1000)
    .optional()
    .describe('number of folds for cross-validation, as in training; with --fold'),
  fold: z
    .int()
    .min(0)
    .max(999)
    .optional()
    .describe("validation fold to score, from 0: of --folds, or of the dataset's own folds"),
});
