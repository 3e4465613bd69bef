import { z } from 'zod';
import { NoduleTrainError } from '../../../runtime/index.js';
import { shown } from '../../shown.js';
import { isTensor } from '../../tensor/tensor.js';
import { type Axes, count, filled, sizes } from './sizes.js';

/** Options of all convolutions. */
export const convolutionOptions = (axes: Axes) => ({
  inChannels: count,
  outChannels: count,
  kernel: sizes(axes, 1),
  stride: sizes(axes, 1).default(filled(axes, 1)),
  dilation: sizes(axes, 1).default(filled(axes, 1)),
  groups: count.default(1),
  bias: z.boolean().default(true),
});

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
  given: object,
  options: object = {},
): z.output<Schema> => {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || isTensor(options))
    throw new NoduleTrainError('layer-options', `nn.${layer}: found ${shown(options)}, expected an object of options`);
  const parsed = schema.safeParse({ ...given, ...options });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const place = issue.path.join('.');
  throw new NoduleTrainError('layer-options', `nn.${layer}: ${place === '' ? '' : `${place}: `}${issue.message}`);
};

/** The options of a layer that differ from their defaults, for `util.inspect`. */
export const unusual = (options: object, defaults: object): object =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => String(value) !== String((defaults as Record<string, unknown>)[name]),
    ),
  );
