import { z } from 'zod';

/** The options of `nn.unet`; the defaults are pytorch-unet's. */
export const unetOptions = z
  .strictObject({
    inChannels: z.int().min(1).max(65_536).default(1).describe('input channels'),
    classes: z.int().min(1).max(65_536).default(2).describe('output channels'),
    depth: z.int().min(1).max(12).default(5).describe('number of levels, each at half the resolution of the previous'),
    wf: z
      .int()
      .min(0)
      .max(14)
      .default(6)
      .describe('width exponent: the first level has 2^wf channels, each next one twice as many'),
    padding: z
      .boolean()
      .default(false)
      .describe('zero padding of the convolutions, so that output and input have the same size'),
    batchNorm: z.boolean().default(false).describe('batch normalization after each ReLU'),
    upMode: z
      .enum(['upconv', 'upsample'])
      .default('upconv')
      .describe('upsampling by transposed convolution, or bilinear with a 1 x 1 convolution'),
    pooling: z.enum(['max', 'avg']).default('max').describe("pooling between levels; 'avg' is the book's"),
    inputNorm: z.boolean().default(false).describe("batch normalization of the input, under the book's names"),
    sigmoid: z.boolean().default(false).describe('probabilities in place of logits'),
    channelsLast: z
      .boolean()
      .default(false)
      .describe('channels-last memory layout between the layers; faster on most CPUs'),
    init: z
      .enum(['pytorch', 'kaiming'])
      .default('pytorch')
      .describe("initial weights; 'kaiming' is the book's: normal weights by fan-out, biases within 1 / sqrt(fan-out)"),
    biasInit: z
      .enum(['uniform', 'normal'])
      .default('uniform')
      .describe("initial biases with init 'kaiming'; 'normal' is the book's fault 14, mean -bound and deviation bound"),
  })
  .refine(
    (options) => options.wf + options.depth <= 16,
    'wf + depth is above 16, expected at most 16: the last level would not fit into memory',
  );

export type UNetOptions = z.input<typeof unetOptions>;
export type ResolvedUNetOptions = z.output<typeof unetOptions>;
