import { z } from 'zod';

/** One phantom, all but what makes it differ from the others of its kind. */
const shared = {
  level: z
    .enum(['easy', 'standard', 'hard'])
    .default('standard')
    .describe('easy: large solid nodules; standard; hard: small, faint and attached ones'),
  size: z
    .tuple([z.int().positive(), z.int().positive(), z.int().positive()])
    .default([64, 256, 256])
    .describe('voxels: slices, rows, columns'),
  spacing: z
    .tuple([z.number().positive(), z.number().positive(), z.number().positive()])
    .default([1.3, 1.3, 2.4])
    .describe('mm between voxels: x, y, z'),
  nodules: z.int().min(0).max(20).optional().describe('per scan; default 3 or 4, by the seed'),
};

const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** Options of `synthesize`. */
export const phantomSchema = z.strictObject({
  seed: seed.describe('decides everything that is random'),
  uid: z.string().min(1).optional().describe('of the series; default phantom-SEED'),
  ...shared,
});

/** Options of `writePhantoms` and of `nodule-train synth`. */
export const phantomSetSchema = z.strictObject({
  count: z.int().positive().default(10).describe('scans'),
  seed: seed.default(1).describe('decides everything that is random; sets of different seeds share no scan'),
  threads: z.int().min(0).default(0).describe('worker threads; 0: one for each core'),
  ...shared,
});

export type PhantomOptions = z.input<typeof phantomSchema>;
export type PhantomSetOptions = z.input<typeof phantomSetSchema>;
