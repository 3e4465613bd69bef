import { z } from 'zod';

/** Thresholds that turn probabilities into nodules. */
export interface OperatingPoint {
  /** Probability above which a voxel belongs to a candidate. */
  threshold: number;
  /** Smallest candidate that is kept. */
  minimumVoxels: number;
  /** Lowest score that is kept. */
  minimumScore: number;
}

/** Options that override the operating point of a model. */
export const operatingPointSchema = z.strictObject({
  threshold: z.number().gt(0).lt(1).optional().describe("probability above which a voxel counts; default: the model's"),
  minimumVoxels: z.int().positive().max(1e9).optional().describe("smallest component in voxels; default: the model's"),
  minimumScore: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("lowest mean probability of a component; default: the model's"),
});
