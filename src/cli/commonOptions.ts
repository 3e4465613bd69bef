import { z } from 'zod';

/** Help of the option `--json`. */
export const JSON_HELP = 'events as JSON lines on stdout, everything else on stderr';

export const deviceSchema = z.string().default('auto').describe('device: auto (CUDA if usable), cpu, cuda or cuda:N');

const path = z.string().min(1);

/** Data options of the commands that apply a model. */
export const dataSchema = path.describe('folder of scans (LUNA16, LIDC, pairs, nnU-Net raw), or a prepared store');
