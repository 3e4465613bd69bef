import { loadNpzSync } from '../../../dist/torch/index.js';

export interface NpzArray {
  shape: number[];
  data: Float64Array;
}

/** The arrays of a golden .npz as float64. */
export const readNpz = (file: string): Record<string, NpzArray> =>
  Object.fromEntries(
    [...loadNpzSync(file)].map(([name, tensor]) => {
      const wide = tensor.to('float64');
      const array = { shape: [...wide.shape], data: (wide.data() as Float64Array).slice() };
      for (const done of [tensor, wide]) done.dispose();
      return [name, array];
    }),
  );
