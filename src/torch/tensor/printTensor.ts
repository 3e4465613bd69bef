import { noGrad } from '../autograd/modes.js';
import { lazyOp } from '../operators/operators.js';
import { scope } from '../scope.js';
import type { Tensor } from './tensor.js';

const slice = lazyOp('aten::slice');
const cat = lazyOp('aten::cat');

/** Number of elements shown at each end of a dimension. */
const edgeOf = (dims: number): number => (dims <= 2 ? 3 : dims <= 4 ? 2 : 1);

/** The corners of the tensor, and for each dimension whether something between them is omitted. */
const cornersOf = (tensor: Tensor, edge: number): { corners: Tensor; cut: boolean[] } => {
  const cut = tensor.shape.map((size) => size > 2 * edge + 1);
  const corners = cut.reduce(
    (part, isCut, dim) =>
      isCut ? cat([slice(part, dim, 0, edge), slice(part, dim, -edge, Number.MAX_SAFE_INTEGER)], dim) : part,
    tensor,
  );
  return { corners, cut };
};

const valueText = (value: number | bigint, dtype: string): string => {
  if (dtype === 'bool') return value ? 'true' : 'false';
  if (typeof value === 'bigint' || Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(5)));
};

const nested = (texts: readonly string[], shape: readonly number[], cut: readonly boolean[], edge: number): string => {
  let place = 0;
  const width = texts.reduce((most, text) => Math.max(most, text.length), 0);
  const level = (depth: number): string => {
    if (depth === shape.length) return (texts[place++] ?? '').padStart(shape.length > 1 ? width : 0);
    const parts = Array.from({ length: shape[depth] as number }, () => level(depth + 1));
    if (cut[depth]) parts.splice(edge, 0, '…');
    const isInner = depth === shape.length - 1;
    const gap = isInner ? ', ' : `,${'\n'.repeat(shape.length - 1 - depth)}${' '.repeat(depth + 1)}`;
    return `[${parts.join(gap)}]`;
  };
  return level(0);
};

const headOf = (tensor: Tensor): string => {
  const grad = tensor.requiresGrad ? ' requiresGrad' : '';
  return `Tensor(${tensor.dtype} [${tensor.shape.join(', ')}] ${tensor.device}${grad})`;
};

/**
 * Formats a tensor as `Tensor(float32 [4, 2] cpu)` and its values to five digits: all of a small tensor, the corners of
 * a large one. Never throws for a live tensor: kinds without values in JavaScript (complex, sparse) show the head only.
 */
export function printTensor(tensor: Tensor): string {
  if (tensor.isDisposed) return 'Tensor(disposed)';
  const head = headOf(tensor);
  try {
    const values = noGrad(() =>
      scope(() => {
        const edge = edgeOf(tensor.dim);
        const { corners, cut } = cornersOf(tensor.detach(), edge);
        const isHalf = corners.dtype === 'float16' || corners.dtype === 'bfloat16';
        const plain = (isHalf ? corners.to('float32') : corners).to('cpu').clone().contiguous();
        const texts = Array.from(plain.data() as ArrayLike<number | bigint>, (value) => valueText(value, tensor.dtype));
        return nested(texts, corners.shape, cut, edge);
      }),
    );
    return `${head}${tensor.dim > 1 ? '\n' : ' '}${values}`;
  } catch {
    return `${head} values not shown`;
  }
}
