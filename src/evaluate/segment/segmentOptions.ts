import { z } from 'zod';
import { scanFileSchema } from '../../ct/index.js';
import { modelOptionsSchema, scanOptionsSchema } from '../../model/index.js';
import { operatingPointSchema } from '../../score/index.js';

/** Kinds of files that a result can be written as; docs/reference/segment.md describes each. */
export const FORMATS = [
  'seg',
  'labelmap',
  'sr',
  'nifti',
  'mha',
  'nrrd',
  'json',
  'csv',
  'luna16-csv',
  'png',
  'html',
] as const;
export type Format = (typeof FORMATS)[number];

const path = z.string().min(1);
const distance = z.number().positive().max(1000);

/** Models that segment together. */
export const modelsSchema = z.array(path).min(1, 'found an empty list, expected at least one model');

/** Options of the models that segment. */
export const segmentModelSchema = z.strictObject({
  ...modelOptionsSchema.shape,
  device: z.string().default('auto').describe('device: auto (CUDA if usable), cpu, cuda or cuda:N'),
  threads: z.int().min(0).max(1024).default(0).describe("threads of the network per worker; 0: libtorch's choice"),
});

export type SegmentModelOptions = z.input<typeof segmentModelSchema>;

/** Options of segmenting one scan. */
export const segmentScanSchema = z.strictObject({
  ...operatingPointSchema.shape,
  ...scanOptionsSchema.shape,
  batch: z.int().positive().max(1024).optional().describe('slices per forward pass; default: by device and memory'),
  ...scanFileSchema.shape,
  spacing: z
    .tuple([distance, distance, distance])
    .optional()
    .describe('voxel spacing in mm, x,y,z, of a scan whose file does not record it'),
  format: z
    .array(z.enum(FORMATS))
    .optional()
    .describe('files to write; default: json, csv, png, html, and seg, sr for DICOM or nifti for other scans'),
  reference: path
    .optional()
    .describe('DICOM folder of the series that the scan was converted from, for seg, labelmap and sr'),
  probabilities: z.boolean().default(false).describe('an image with the probability of every voxel'),
  allFrames: z.boolean().default(false).describe('a frame for every slice in seg, for old viewers'),
});

export type SegmentScanOptions = z.input<typeof segmentScanSchema>;
