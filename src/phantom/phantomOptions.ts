import { z } from 'zod';
import { NoduleTrainError } from '../runtime/index.js';

/** A scan of 1 GiB in int16. */
const MOST_VOXELS = 2 ** 29;
const side = z.int().positive().max(4096);
const distance = z.number().positive().max(1000);

/** Options that all phantoms of a set share. */
const shared = {
  level: z
    .enum(['easy', 'standard', 'hard'])
    .default('standard')
    .describe('difficulty; easy: large solid nodules, hard: small, faint and attached ones'),
  size: z
    .tuple([side, side, side])
    .refine((size) => size.reduce((all, one) => all * one) <= MOST_VOXELS, `expected at most ${MOST_VOXELS} voxels`)
    .default([64, 256, 256])
    .describe('scan size in voxels: slices, rows, columns'),
  spacing: z.tuple([distance, distance, distance]).default([1.3, 1.3, 2.4]).describe('voxel spacing in mm: x, y, z'),
  nodules: z.int().min(0).max(20).optional().describe('nodules per scan; default 3 or 4, depending on the seed'),
};

const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** Options of `synthesize`. */
export const phantomSchema = z.strictObject({
  seed: seed.describe('random seed'),
  uid: z.string().min(1).optional().describe('series UID; default phantom-SEED'),
  ...shared,
});

/** Options of `writePhantoms` and of `nodule-train synth`. */
export const phantomSetSchema = z.strictObject({
  count: z
    .int()
    .positive()
    .max(1e5)
    .default(10)
    .describe('number of scans; with --into, versions of each scan, 1 unless given'),
  seed: seed.default(1).describe('random seed; sets of different seeds share no scan'),
  threads: z.int().min(0).max(1024).default(0).describe('worker threads; 0: one per core'),
  ...shared,
});

export type PhantomOptions = z.input<typeof phantomSchema>;
export type PhantomSetOptions = z.input<typeof phantomSetSchema>;

/**
 * Checks options and fills in the defaults.
 * @throws NoduleTrainError `phantom-options`, naming the first wrong option
 */
export function checkPhantomOptions<Schema extends z.ZodType>(
  schema: Schema,
  doing: string,
  options: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new NoduleTrainError('phantom-options', `${doing}: ${path.join('.') || 'options'}: ${message}`);
}
