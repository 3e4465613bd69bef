// What data() shows, for every owner of the memory and everything that may take the memory away.
export const owners = (t) => {
  const base = () => t.fromData(Float32Array.from({ length: 1024 }, (_, i) => i + 1));
  const same = (x) => ({ shown: x, changed: x });
  return {
    'the tensor': () => same(base()),
    'its base': () => {
      const x = base();
      return { shown: x.view(32, 32), changed: x };
    },
    'its view': () => {
      const x = base();
      return { shown: x, changed: x.view(32, 32) };
    },
    'a slice': () => {
      const x = base();
      return { shown: x.narrow(0, 512, 512), changed: x };
    },
    'detach()': () => {
      const x = base();
      return { shown: x, changed: x.detach() };
    },
    'a tensor set to it': () => {
      const x = base();
      const alias = t.zeros([1]);
      t.ops.set_(alias, x);
      return { shown: x, changed: alias };
    },
    'a shared token': () => {
      const x = base();
      return { shown: x, changed: t.fromShared(x.share()) };
    },
    'a gradient': () => {
      const p = t.zeros([1024], { requiresGrad: true });
      p.grad = base();
      return { shown: p.grad.detach(), changed: p.grad, all: [p] };
    },
    'a parameter': () => {
      const layer = t.nn.linear(32, 32);
      const { weight } = layer;
      t.noGrad(() => weight.copy_(base().view(32, 32)));
      return { shown: weight, changed: weight, layer };
    },
    'an optimizer state': () => {
      const p = t.ones([1024], { requiresGrad: true });
      p.grad = t.ones([1024]);
      const optimizer = t.optim.adam([p]);
      optimizer.step();
      const state = optimizer.stateDict().get('state.0.exp_avg');
      state.copy_(base());
      return { shown: state, changed: state, optimizer };
    },
  };
};

export const changes = (t) => ({
  nothing: () => {},
  'resize_ to more': ({ changed }) => t.ops.resize_(changed, [1 << 20]),
  'resize_ to less': ({ changed }) => t.ops.resize_(changed, [1]),
  'resize_ beyond memory': ({ changed }) => t.ops.resize_(changed, [2 ** 45]),
  resize_as_: ({ changed }) => t.ops.resize_as_(changed, t.zeros([1 << 20])),
  'set_ to another': ({ changed }) => t.ops.set_(changed, t.zeros([4])),
  set_data: ({ changed }) => t.noGrad(() => t.op('aten::set_data')(changed, t.zeros([1 << 16]))),
  'out: of a larger result': ({ changed }) => t.ops.add(t.ones([1 << 20]), 1, { out: changed }),
  'in place, of the same size': ({ changed }) => t.noGrad(() => changed.mul_(1)),
  dispose: ({ changed, shown }) => {
    changed.dispose();
    shown.dispose();
  },
  'scope ends': ({ shown }) => shown.dispose(),
  'module.to(float64)': ({ layer }) => layer?.to('float64'),
  'module.to and back': ({ layer }) => layer?.to('float64').to('float32'),
  'optimizer.dispose()': ({ optimizer }) => optimizer?.dispose(),
  'transfer of the buffer': ({ view }) => structuredClone(view.buffer, { transfer: [view.buffer] }),
  'buffer.transfer(), then dispose': ({ view, shown, changed }) => {
    const moved = view.buffer.transfer?.();
    shown.dispose();
    changed.dispose();
    return moved;
  },
});

const sumOf = (view) => {
  let sum = 0;
  for (let i = 0; i < view.length; i++) sum += view[i];
  return sum;
};

/** Runs one: the view holds what the memory held, or it is detached. Returns what happened, for the report. */
export function checkView(t, makeOwner, change) {
  const made = makeOwner();
  const view = made.shown.data();
  const before = sumOf(view);
  const full = view.length;
  let failure = null;
  let kept;
  try {
    kept = change({ ...made, view });
  } catch (error) {
    failure = error;
  }
  const junk = Array.from({ length: 8 }, () => t.full([1024], -1));
  if (view.length !== 0 && view.length !== full) return `the view has ${view.length} of ${full} values`;
  if (view.length !== 0 && sumOf(view) !== before) return `the view changed from ${before} to ${sumOf(view)}`;
  if (view.length !== 0) view.fill(7);
  if (kept instanceof ArrayBuffer) {
    const moved = new Float32Array(kept);
    if (sumOf(moved) !== before) return 'the moved buffer has other values';
    moved.fill(3);
  }
  for (const one of junk) if (one.sum().item() !== -1024) return 'writing to the view changed another tensor';
  for (const one of [made.shown, made.changed]) {
    if (one.isDisposed) continue;
    const { shape } = one;
    if (one.numel > 2 ** 21) return `a tensor has shape [${shape}] after a refused call`;
    one.toArray();
    if (one.isContiguous) one.data();
  }
  return failure;
}
