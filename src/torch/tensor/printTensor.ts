import { noGrad } from '../autograd/modes.js';
import { lazyOp } from '../operators/operators.js';
import { scope } from '../scope.js';
import { isHalf } from './dtype.js';
import { formatNumbers } from './formatNumbers.js';
import type { Tensor } from './tensor.js';

const slice = lazyOp('aten::slice');
const cat = lazyOp('aten::cat');

/** Tensors of more elements are abbreviated. */
const MOST_SHOWN = 1000;
/** Columns of a line. PyTorch's is 80, of which `tensor(` takes seven. */
const LINE = 73;

/** Number of elements shown at each end of a dimension: 3 as in PyTorch, fewer where even these would be thousands. */
const edgeOf = (dims: number): number => (dims <= 4 ? 3 : 1);

/** The corners of the tensor, and for each dimension whether something between them is omitted. */
const cornersOf = (tensor: Tensor, edge: number): { corners: Tensor; cut: boolean[] } => {
  const isLarge = tensor.numel > MOST_SHOWN;
  const cut = tensor.shape.map((size) => isLarge && size > 2 * edge);
  const corners = cut.reduce(
    (part, isCut, dim) =>
      isCut ? cat([slice(part, dim, 0, edge), slice(part, dim, -edge, Number.MAX_SAFE_INTEGER)], dim) : part,
    tensor,
  );
  return { corners, cut };
};

const nested = (texts: readonly string[], shape: readonly number[], cut: readonly boolean[], edge: number): string => {
  if (texts.length === 0) return '[]';
  let place = 0;
  const perLine = Math.max(1, Math.floor((LINE - shape.length + 1) / (texts[0]!.length + 2)));
  const row = (depth: number): string => {
    const parts = texts.slice(place, place + shape[depth]!);
    place += parts.length;
    if (cut[depth]) parts.splice(edge, 0, ' ...');
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += perLine) lines.push(parts.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${' '.repeat(depth + 1)}`)}]`;
  };
  const level = (depth: number): string => {
    if (depth === shape.length - 1) return row(depth);
    const parts = Array.from({ length: shape[depth]! }, () => level(depth + 1));
    if (cut[depth]) parts.splice(edge, 0, '...');
    return `[${parts.join(`,${'\n'.repeat(shape.length - 1 - depth)}${' '.repeat(depth + 1)}`)}]`;
  };
  return shape.length === 0 ? texts[0]! : level(0);
};

const headOf = (tensor: Tensor): string => {
  const grad = tensor.requiresGrad ? ' requiresGrad' : '';
  return `Tensor(${tensor.dtype} [${tensor.shape.join(', ')}] ${tensor.device}${grad})`;
};

/**
 * Formats a tensor as `Tensor(float32 [4, 2] cpu)` and its values as PyTorch prints them: all of up to 1000, else the
 * corners. Never throws for a live tensor: kinds without values in JavaScript (complex, sparse) show the head only.
 * @param isBrief whether only the head is shown
 */
export function printTensor(tensor: Tensor, isBrief = false): string {
  if (tensor.isDisposed) return 'Tensor(disposed)';
  const head = headOf(tensor);
  if (isBrief) return head;
  try {
    const values = noGrad(() =>
      scope(() => {
        const edge = edgeOf(tensor.dim);
        const { corners, cut } = cornersOf(tensor.detach(), edge);
        const plain = (isHalf(corners.dtype) ? corners.to('float32') : corners).to('cpu').clone().contiguous();
        return nested(
          formatNumbers(plain.data() as ArrayLike<number | bigint>, tensor.dtype),
          corners.shape,
          cut,
          edge,
        );
      }),
    );
    return `${head}${values.includes('\n') ? '\n' : ' '}${values}`;
  } catch {
    return `${head} values not shown`;
  }
}
