import { z } from 'zod';

/** The options of `nn.unet`; the defaults are pytorch-unet's. */
export const unetOptions = z
  .strictObject({
    inChannels: z.int().min(1).max(65_536).default(1).describe('channels of the input'),
    classes: z.int().min(1).max(65_536).default(2).describe('channels of the output'),
    depth: z.int().min(1).max(12).default(5).describe('levels, each of half the size of the one before'),
    wf: z.int().min(0).max(14).default(6).describe('the first level has 2^wf channels, each further one twice as many'),
    padding: z.boolean().default(false).describe('pad the convolutions, so that the output is as large as the input'),
    batchNorm: z.boolean().default(false).describe('batch norm after each ReLU'),
    upMode: z.enum(['upconv', 'upsample']).default('upconv').describe('transposed convolution, or bilinear and 1 x 1'),
    pooling: z.enum(['max', 'avg']).default('max').describe("'avg' is the book's"),
    inputNorm: z.boolean().default(false).describe("batch norm on the input, under the book's names"),
    sigmoid: z.boolean().default(false).describe('probabilities instead of logits'),
    channelsLast: z
      .boolean()
      .default(false)
      .describe(
        'how values lie in memory between the layers: a pixel of all channels after another; faster on most CPUs',
      ),
    init: z
      .enum(['pytorch', 'kaiming'])
      .default('pytorch')
      .describe("'kaiming' is the book's: normal weights by fan out, biases within 1 / sqrt(fan out)"),
    biasInit: z
      .enum(['uniform', 'normal'])
      .default('uniform')
      .describe("with init 'kaiming': 'normal' is the book's fault 14, mean -bound and deviation bound"),
  })
  .refine((options) => options.wf + options.depth <= 16, 'wf + depth is over 16, the last level would not fit memory');

export type UNetOptions = z.input<typeof unetOptions>;
export type ResolvedUNetOptions = z.output<typeof unetOptions>;
