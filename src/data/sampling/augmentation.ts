import { z } from 'zod';

/** Random changes of each training crop; docs/explanation/augmentation.md shows them. All zero and false: only the window is random. */
export const augmentationSchema = z.strictObject({
  flip: z.boolean().default(true).describe('mirror rows and columns, each in half of the crops'),
  flipSlices: z.boolean().default(true).describe('reverse the order of the slices in half of the crops'),
  offset: z.number().min(0).max(1).default(0.03).describe("largest shift, as a share of half the window's size"),
  scale: z.number().min(0).max(0.9).default(0.2).describe('largest change of size, drawn for each axis'),
  rotate: z.boolean().default(true).describe('rotate by any angle in the plane of the slices'),
  noise: z
    .number()
    .min(0)
    .default(25)
    .describe('standard deviation of added noise, HU; of other intensities the same share of their range'),
});

export type Augmentation = z.output<typeof augmentationSchema>;

/** Faults of the book that the sampler can show again, each a switch of its own; all off mends them. */
export const samplerCompatSchema = z.object({
  offsetNoOp: z.boolean().default(false).describe('the offset augmentation does nothing'),
  batchTransform: z.boolean().default(false).describe('one random transform for the whole batch'),
  shiftedLabel: z.boolean().default(false).describe('near the ends of a scan the label is not of the centre slice'),
  edgeMismatch: z.boolean().default(false).describe('near the ends of a scan training shifts the stack of slices'),
  noiseAfterClamp: z.boolean().default(false).describe('noise is added after clamping'),
  borderAtWindow: z
    .boolean()
    .default(false)
    .describe("beyond the window its edge is repeated, where the crop's own voxels could be read"),
  annotatedSliceOnly: z
    .boolean()
    .default(false)
    .describe("of each nodule only one slice is shown: its annotation's, or the one before"),
  labelResample: z.boolean().default(false).describe('labels are resampled bilinearly and cut at 0.5'),
});

export type SamplerCompat = z.output<typeof samplerCompatSchema>;
