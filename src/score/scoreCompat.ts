import { z } from 'zod';

/** One switch for each known fault of the book's grouping and matching of candidates. Off: fixed. */
export const scoreCompatSchema = z.strictObject({
  erodeFirst: z
    .boolean()
    .default(false)
    .describe('6-connected candidates after one erosion, which deletes every nodule up to two voxels thick'),
  looseMatching: z
    .boolean()
    .default(false)
    .describe('hits up to 0.7 diameters from the centre instead of the radius, and no excluded findings'),
});

/** Faults of the book's scoring to reproduce. */
export type ScoreCompat = Partial<z.output<typeof scoreCompatSchema>>;
