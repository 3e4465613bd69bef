import { NoduleTrainError } from '../../../runtime/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { FileSource } from '../fileSource.js';
import { type OpenFile, type Reading, readFile, readFileSync, tensorAt } from '../reading.js';
import { axesTurned, readNpyHeader } from './npyHeader.js';

function* readNpy(file: OpenFile): Reading<Tensor> {
  const header = yield* readNpyHeader(file, (what) => {
    throw new NoduleTrainError('npy', `reading ${file.path}: not a valid NumPy array: ${what}`);
  });
  const { dtype, bigEndian, fortranOrder, shape, begin } = header;
  const stored = yield* tensorAt(begin, dtype, fortranOrder ? [...shape].reverse() : shape, bigEndian);
  return fortranOrder ? axesTurned(stored) : stored;
}

/**
 * Reads an array written by NumPy's `save`: versions 1 to 3, both byte orders, row-major and Fortran order (strides
 * kept). Object arrays, which are pickles, are refused.
 * @throws NoduleTrainError `npy` naming the fault, `read-failed`
 */
export const loadNpy = (source: FileSource): Promise<Tensor> => readFile(source, readNpy);

/** Blocking version of {@link loadNpy}. */
export const loadNpySync = (source: FileSource): Tensor => readFileSync(source, readNpy);
