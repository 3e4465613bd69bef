import { z } from 'zod';

/** Help of the option `--json`. */
export const JSON_HELP = 'events as JSON lines on stdout, everything else on stderr';

export const deviceSchema = z.string().default('auto').describe('device: auto (CUDA if usable), cpu, cuda or cuda:N');

const path = z.string().min(1);
const probability = z.number().gt(0).lt(1);

/** Data options of the commands that apply a model. */
export const dataSchema = path.describe('folder of scans (LUNA16, LIDC, pairs, nnU-Net raw), or a prepared store');

/** What counts as a nodule; by default what the model says. */
export const candidateSchema = z.object({
  threshold: probability.optional().describe("probability above which a voxel counts; default: the model's"),
  minimumVoxels: z.int().positive().optional().describe("smallest component in voxels; default: the model's"),
});
