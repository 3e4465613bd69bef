// Types of scopes, modes, asynchronous operators and choices. Compiled, never run (test/native/torch/bridge.test.ts).
import {
  autocast,
  autograd,
  enableGrad,
  inferenceMode,
  noGrad,
  ops,
  opsAsync,
  scope,
  type Tensor,
} from '../../dist/torch/index.js';

declare const x: Tensor;

export const sum: Tensor = scope(() => noGrad(() => enableGrad(() => x.sum())));
export const values: [Tensor, number] = inferenceMode(() => [x.sum(), 1]);
scope(() => {});
const generic = <T>(fn: () => T): T => fn();
export const half: Tensor = autocast(() => generic(() => x.matmul(x)), { enabled: undefined });
// @ts-expect-error: what runs after the first await would be outside
scope(async () => x);
// @ts-expect-error: as above
noGrad(async () => x);
// @ts-expect-error: as above
enableGrad(() => Promise.resolve(1));
// @ts-expect-error: as above
inferenceMode(async () => {});
// @ts-expect-error: as above
autocast(async () => x);

export const product: Promise<Tensor> = opsAsync.matmul(x, x);
export const both: Promise<[values: Tensor, indices: Tensor]> = opsAsync.sort(x, 0);
// @ts-expect-error: it writes to its argument
opsAsync.add_(x, 1);
export const loss: Tensor = ops.mse_loss(x, x, 'sum');
// @ts-expect-error: no such choice
ops.mse_loss(x, x, 'max');
ops.linalg_eigh(x, { UPLO: 'U' });
ops.sum(x, [0], { keepdim: undefined });
const [first] = autograd.grad(x.sum(), [x]);
export const slope: Tensor = first;
export const unused: Tensor | null = autograd.grad(x.sum(), x, { allowUnused: true })[0];
