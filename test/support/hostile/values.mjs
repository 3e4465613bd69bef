// Values that no caller should pass, by name. Made anew for each call, as some are used up.
export const hostileValues = (torch) => ({
  undefined: undefined,
  null: null,
  NaN: Number.NaN,
  '-1': -1,
  0.5: 0.5,
  '-0': -0,
  '2^53': 2 ** 53,
  '1e300': 1e300,
  Infinity: Number.POSITIVE_INFINITY,
  '2n^80': 2n ** 80n,
  true: true,
  "''": '',
  "'x'": 'x',
  "'__proto__'": '__proto__',
  symbol: Symbol('s'),
  '{}': {},
  '[]': [],
  '[[]]': [[]],
  '[NaN]': [Number.NaN],
  '[2^40, 2^40]': [2 ** 40, 2 ** 40],
  'holes [ , 1]': Object.assign(new Array(2), { 1: 1 }),
  'a cyclic array': (() => {
    const list = [];
    list.push(list);
    return list;
  })(),
  function: () => {},
  Date: new Date(0),
  'a Proxy that throws': new Proxy(
    {},
    {
      get() {
        throw new RangeError('the proxy throws');
      },
      ownKeys() {
        throw new RangeError('the proxy throws');
      },
      getPrototypeOf() {
        throw new RangeError('the proxy throws');
      },
    },
  ),
  'an array whose length shrinks': new Proxy([2, 3], {
    get: (target, key) => {
      if (key === 'length') return target.length === 0 ? 0 : target.length--;
      return Reflect.get(target, key);
    },
  }),
  'an object with a throwing valueOf': {
    valueOf() {
      throw new RangeError('valueOf throws');
    },
    toString() {
      throw new RangeError('toString throws');
    },
  },
  'a disposed Tensor': (() => {
    const gone = torch.ones([2]);
    gone.dispose();
    return gone;
  })(),
  'Object.create(Tensor.prototype)': Object.create(torch.Tensor.prototype),
  'an empty Tensor': torch.zeros([0, 3]),
  'an int64 Tensor': torch.tensor([5n, -7n]),
  'a NaN Tensor': torch.tensor([Number.NaN, 1]),
  'a sparse Tensor': torch.ops.to_sparse(torch.ones([2, 2])),
  'a complex Tensor': torch.ops.complex(torch.ones([2]), torch.ones([2])),
  'a detached Float32Array': (() => {
    const data = new Float32Array(4);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    return data;
  })(),
  'a Float32Array over shared memory': new Float32Array(new SharedArrayBuffer(8)),
  'a module': torch.nn.linear(2, 2),
});
