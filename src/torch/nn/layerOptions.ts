import { z } from 'zod';
import { NoduleTrainError } from '../../runtime/error.js';

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
