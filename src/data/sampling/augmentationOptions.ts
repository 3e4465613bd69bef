import { z } from 'zod';

/**
 * Random augmentation of each training crop; docs/explanation/augmentation.md shows it. With every value zero or false,
 * only the position of the window is random.
 */
export const augmentationSchema = z.strictObject({
  flip: z.boolean().default(true).describe('random flips of rows and columns, each in half of the crops'),
  flipSlices: z.boolean().default(true).describe('random flip of the slice order, in half of the crops'),
  offset: z
    .number()
    .min(0)
    .max(1)
    .default(0.03)
    .describe('maximum shift along each axis, as a fraction of half the crop size'),
  scale: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.2)
    .describe('maximum scaling, drawn per axis; 0.2: a factor from 0.8 to 1.2'),
  rotate: z.boolean().default(true).describe('random rotation in the plane of the slices'),
  noise: z
    .number()
    .min(0)
    .max(1e5)
    .default(25)
    .describe('standard deviation of Gaussian noise in HU; for other intensities the same fraction of their range'),
});

export type Augmentation = z.output<typeof augmentationSchema>;

/** Faults of the book that the sampler can reproduce, each with its own switch; all are fixed when off. */
export const samplerCompatSchema = z.object({
  offsetNoOp: z.boolean().default(false).describe('offset augmentation without effect'),
  batchTransform: z.boolean().default(false).describe('one random transform per batch'),
  shiftedLabel: z
    .boolean()
    .default(false)
    .describe('near the ends of a scan, label of a slice other than the centre one'),
  edgeMismatch: z
    .boolean()
    .default(false)
    .describe('near the ends of a scan, stack of slices shifted inwards in training'),
  noiseAfterClamp: z.boolean().default(false).describe('noise added after clipping'),
  borderAtWindow: z
    .boolean()
    .default(false)
    .describe('beyond the window, its edge repeated instead of the crop around it'),
  annotatedSliceOnly: z
    .boolean()
    .default(false)
    .describe('only one slice used of each nodule: that of its annotation, or the one before'),
  labelResample: z.boolean().default(false).describe('labels resampled bilinearly and thresholded at 0.5'),
});

export type SamplerCompat = z.output<typeof samplerCompatSchema>;
