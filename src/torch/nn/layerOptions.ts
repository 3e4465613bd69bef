import { z } from 'zod';
import { NoduleTrainError } from '../../runtime/index.js';

/** One number for rows and columns, or one each. */
export type Pair = number | readonly [rows: number, columns: number];

const MOST = 2 ** 31 - 1;

/** Schema of a {@link Pair} of integers from `least` on. */
export const pair = (least: number) =>
  z
    .union([
      z.int().min(least).max(MOST),
      z.tuple([z.int().min(least).max(MOST), z.int().min(least).max(MOST)]).readonly(),
    ])
    .transform((size): [number, number] => (typeof size === 'number' ? [size, size] : [size[0], size[1]]));

/** Schema of a positive integer. */
export const count = z.int().min(1).max(MOST);

/** Options of both 2-dim convolutions. */
export const convolutionOptions = {
  inChannels: count,
  outChannels: count,
  kernel: pair(1),
  stride: pair(1).default([1, 1]),
  dilation: pair(1).default([1, 1]),
  groups: count.default(1),
  bias: z.boolean().default(true),
};

type Channels = { inChannels: number; outChannels: number; groups: number };

/** Whether each group of a convolution has the same number of channels; {@link UNEVEN_GROUPS} is the issue if not. */
export const groupsAreEven = ({ inChannels, outChannels, groups }: Channels): boolean =>
  inChannels % groups === 0 && outChannels % groups === 0;
export const UNEVEN_GROUPS = { path: ['groups'], message: 'inChannels and outChannels must be divisible by it' };

/**
 * Parses the options of a layer.
 * @throws NoduleTrainError `layer-options` naming the layer, the option and what was expected
 */
export const parseLayer = <Schema extends z.ZodType>(
  layer: string,
  schema: Schema,
  given: unknown,
): z.output<Schema> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const place = issue.path.join('.');
  throw new NoduleTrainError('layer-options', `nn.${layer}: ${place === '' ? '' : `${place}: `}${issue.message}`);
};
