import { inspect } from 'node:util';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { memory, nn, noGrad, ones, optim, scope, type Tensor, zeros } from '../../../dist/torch/index.js';

const small = () => nn.linear(2, 2, { bias: false });

/** A module with one field, whose value is given. */
class Holder extends nn.Module {
  [name: string]: unknown;
  constructor(fields: object) {
    super();
    Object.assign(this, fields);
  }
  forward(input: Tensor): Tensor {
    return input;
  }
}
const names = (module: nn.AnyModule): string[] => [...module.stateDict().keys()];

describe('containers name their parts as PyTorch does', () => {
  it('moduleList, moduleDict, parameterList, parameterDict', () => {
    const net = new Holder({
      blocks: nn.moduleList([small(), nn.relu(), small()]),
      heads: nn.moduleDict({ lung: small(), liver: nn.sequential(small()) }),
      scales: nn.parameterList([ones([2]), ones([3])]),
      tokens: nn.parameterDict({ start: ones([1]) }),
      array: [ones([1]), ones([1])].map((tensor) => nn.parameter(tensor)),
    });
    expect(names(net)).toEqual([
      'array.0',
      'array.1',
      'blocks.0.weight',
      'blocks.2.weight',
      'heads.lung.weight',
      'heads.liver.0.weight',
      'scales.0',
      'scales.1',
      'tokens.start',
    ]);
    expect(net.parameters().length).toBe(9);
    expect(net.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
  });

  it('a moduleList changes like a list', () => {
    const [a, b, c, d] = [small(), small(), small(), small()];
    const list = nn.moduleList([a, b]);
    list.append(c).insert(0, d).set(-1, a);
    expect([...list]).toEqual([d, a, b, a]);
    expect([list.length, list.at(-2), list.pop(), list.pop(0)]).toEqual([4, b, a, d]);
    expect(names(list)).toEqual(['0.weight', '1.weight']);
    for (const place of [2, -3, 0.5, Number.NaN])
      expect(() => list.set(place, a)).toThrow(/position is .*expected one of 2/);
    expect(() => nn.moduleList([nn.relu as never])).toThrow(/element 0 is function, .*nn\.relu\(\)/);
    expect(() => list.forward()).toThrow(/ModuleList\.forward: it holds modules and computes nothing/);
  });

  it('a moduleDict keeps the order and the types of its names', () => {
    const dict = nn.moduleDict({ conv: nn.conv1d(1, 1, 1), act: nn.relu() });
    expect(dict.get('conv').forward(ones([1, 1, 3])).shape).toEqual([1, 1, 3]);
    expect([...dict.keys()]).toEqual(['conv', 'act']);
    const numbered = nn.moduleDict(
      new Map([
        ['10', small()],
        ['2', small()],
      ]),
    );
    expect(names(numbered)).toEqual(['10.weight', '2.weight']);
    numbered.delete('10');
    numbered.update([['1', small()]]);
    expect(names(numbered)).toEqual(['2.weight', '1.weight']);
    const foreign = vm.runInNewContext('(items) => new Map(items)')([['a', small()]]);
    expect(names(nn.moduleDict(foreign))).toEqual(['a.weight']);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a name with a point', () => nn.moduleDict({ 'a.b': small() }), /a name is 'a\.b', expected/],
    ['an empty name', () => nn.parameterDict({ '': ones([1]) }), /a name is '', expected/],
    [
      'a name twice',
      () =>
        nn.moduleDict([
          ['a', small()],
          ['a', small()],
        ]),
      /the name 'a' twice/,
    ],
    ['a value that is not a module', () => nn.moduleDict({ a: null as never }), /a is null, expected a Module/],
    ['no tensor', () => nn.parameterList([3 as never]), /nn\.parameter: found number, expected a Tensor/],
    ['an integer tensor', () => nn.parameter(zeros([1], { dtype: 'int64' })), /floating point/],
    ['a list of nothing', () => nn.moduleList(3 as never), /nn\.moduleList: found number, expected an array/],
    ['no items', () => nn.moduleDict(null as never), /found null, expected an object, a Map or pairs/],
  ])('%s is refused', (_, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({ name: 'NoduleTrainError', message: expect.stringMatching(message) }),
    );
  });
});

describe('what would be lost silently is an error', () => {
  class Helper {
    readonly inner = { layers: [small()] };
  }
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const cycle: unknown[] = [small()];
  cycle.push({ cycle });
  it.each<[string, unknown, RegExp]>([
    [
      'an object',
      { a: small() },
      /Holder: .*field\.a is a Linear inside a plain container.* Use nn\.moduleList, nn\.mod/,
    ],
    ['nested arrays', [[small()], [small()]], /field\[1\]\[0\] is a Linear|field\[0\]\[0\] is a Linear/],
    ['a Map', new Map([['x', small()]]), /field\.get\('x'\) is a Linear/],
    ['the keys of a Map', new Map([[small(), 1]]), /field\.keys\(\) is a Linear/],
    ['a Set', new Set([small()]), /field\.values\(\) is a Linear/],
    ['a parameter in an object', { scale: nn.parameter(ones([1])) }, /field\.scale is a parameter inside/],
    ['a buffer in an object', { scale: nn.buffer(ones([1])) }, /field\.scale is a buffer inside/],
    ['an array in an object in a Map', new Map([['x', { list: [1, small()] }]]), /field\.get\('x'\)\.list\[1\]/],
    ['an object without prototype', Object.assign(Object.create(null), { a: small() }), /field\.a/],
    ['an object of another realm', vm.runInNewContext('(a) => ({ a })')(small()), /field\.a/],
    ['a Map of another realm', vm.runInNewContext('(a) => new Map([[1, a]])')(small()), /field\.get\(1\)/],
    ['an instance of another class', new Helper(), /field\.inner\.layers\[0\]/],
    ['an array with other things', [small(), null], /field\[1\] is null, expected a Module or a parameter/],
    ['a sparse array', Object.assign([], { 0: small(), 2: small() }), /field\[1\] is undefined, expected a Module/],
    ['a proxy', new Proxy({ a: small() }, {}), /field\.a is a Linear/],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('mine');
          },
        },
      ),
      /reading its fields failed: mine/,
    ],
    ['a revoked proxy', revoked(), /reading its fields failed: .*revoked/],
    ['the end of a long array', [...new Array(2 ** 18).fill(0), small()], /field\[262144\] is a Linear/],
    ['a structure that contains itself', { cycle }, /field\.cycle\[0\] is a Linear/],
  ])('in %s', (_, field, message) => {
    const calls: ((module: Holder) => unknown)[] = [
      (module) => module.parameters(),
      (module) => module.stateDict(),
      (module) => module.namedModules(),
      (module) => module.buffers(),
      (module) => module.to('float64'),
      (module) => module.eval(),
      (module) => module.zeroGrad(),
      (module) => module.apply(() => {}),
      (module) => module.loadStateDict({}, { strict: false }),
    ];
    for (const call of calls)
      for (const module of [new Holder({ field }), new Holder({ child: new Holder({ field }) })])
        expect(() => call(module)).toThrow(
          expect.objectContaining({ name: 'NoduleTrainError', message: expect.stringMatching(message) }),
        );
  });

  it('names without meaning in a state: with a point, empty, a symbol, twice', () => {
    expect(() => new Holder({ 'a.b': small() }).parameters()).toThrow(/the field 'a\.b' is a Linear/);
    expect(() => new Holder({ '': small() }).parameters()).toThrow(/the field ''/);
    expect(() => new Holder({ [Symbol('s')]: small() }).parameters()).toThrow(/the field Symbol\(s\)/);
    class Twice extends nn.Sequential {
      readonly '0' = small();
    }
    expect(() => new Twice([small()]).stateDict()).toThrow(/0\.weight is the name of two/);
  });

  it('a parameter replaced by a plain Tensor', () => {
    const net = new Holder({ scale: nn.parameter(ones([1])), mean: nn.buffer(zeros([1])) });
    expect(names(net)).toEqual(['scale', 'mean']);
    net.mean = ones([1]);
    expect(
      net.buffers().map((tensor) => tensor.item()),
      'a buffer stays one, as in Python',
    ).toEqual([1]);
    net.scale = ones([1]);
    expect(() => net.parameters()).toThrow(/scale is a plain Tensor and was a parameter, expected nn\.parameter/);
    net.scale = null;
    expect(names(net)).toEqual(['mean']);
  });

  it('a subclass of a container keeps its own fields', () => {
    class Net extends nn.Sequential {
      readonly extra = small();
    }
    expect(names(new Net([small()]))).toEqual(['0.weight', 'extra.weight']);
  });
});

describe('what is not an error', () => {
  it('plain containers of data, and of modules that are registered elsewhere', () => {
    const conv = small();
    const getter = Object.defineProperty({}, 'danger', {
      enumerable: true,
      get: () => {
        throw new Error('a getter was called');
      },
    });
    const net = new Holder({
      conv,
      lookup: { conv, weights: [conv.weight] },
      config: { sizes: [1, 2, 3], nested: { deep: [[{}]] }, bytes: new Uint8Array(8) },
      getter,
      loose: ones([2]),
      cache: new Map([['x', ones([1])]]),
      optimizer: optim.sgd(conv.parameters(), { lr: 1 }),
      later: [],
      nothing: null,
    });
    expect(names(net)).toEqual(['conv.weight']);
    Object.defineProperty(net, 'lazy', { enumerable: true, get: () => small() });
    expect(names(net), 'an accessor has no value to register').toEqual(['conv.weight']);
  });

  it('a private field hides a module on purpose', () => {
    class Student extends nn.Module {
      readonly #teacher = small();
      readonly own = small();
      forward(input: Tensor): Tensor {
        return this.own.forward(input).sub(this.#teacher.forward(input));
      }
    }
    expect(names(new Student())).toEqual(['own.weight']);
  });

  it('fields that change: every listing reads them again', () => {
    const net = new Holder({ a: small(), b: small() });
    expect(names(net)).toEqual(['a.weight', 'b.weight']);
    delete net.a;
    net.c = small();
    net.b = null;
    expect(names(net)).toEqual(['c.weight']);
    (net.list as unknown) = [];
    (net.list as unknown[]).push(small());
    expect(names(net)).toEqual(['c.weight', 'list.0.weight']);
  });
});

describe('modules that share and modules in a circle', () => {
  it('a shared module is listed once by parameters() and twice by stateDict(), as in Python', () => {
    const shared = nn.sequential(nn.batchNorm1d(2));
    const net = new Holder({ one: shared, two: shared, list: nn.moduleList([shared]) });
    expect(names(net).filter((name) => name.endsWith('running_mean'))).toEqual([
      'one.0.running_mean',
      'two.0.running_mean',
      'list.0.0.running_mean',
    ]);
    expect([...net.namedParameters().keys()]).toEqual(['one.0.weight', 'one.0.bias']);
    expect(net.buffers().length).toBe(3);
    expect([...net.namedModules().keys()]).toEqual(['', 'one', 'one.0', 'list']);
    expect(net.children().length).toBe(2);
    net.loadStateDict(net.stateDict());
    net.to('float64');
    expect(net.parameters().every(({ dtype }) => dtype === 'float64')).toBe(true);
  });

  it('a module that contains itself has parameters, and no state', () => {
    const net = new Holder({ own: small() });
    const child = new Holder({ parent: net, own: small() });
    net.child = child;
    expect(net.parameters().length).toBe(2);
    expect(net.eval().training || child.training).toBe(false);
    expect(() => net.stateDict()).toThrow(/child\.parent is the module itself, expected no cycle/);
    expect(() => child.stateDict()).toThrow(/parent\.child is the module itself/);
    expect(() => net.apply(() => {})).toThrow(/expected no cycle/);
    expect(inspect(net)).toMatch(/\(parent\): \[Circular\]/);
  });

  it('ten thousand modules inside each other do not overflow the stack', () => {
    let net: nn.AnyModule = small();
    for (let i = 0; i < 1000; i++) net = nn.sequential(net);
    expect(net.parameters().length).toBe(1);
    expect([...net.stateDict().keys()][0]).toMatch(/^0\.0\.0.*weight$/);
    let doubled: nn.AnyModule = nn.relu();
    for (let i = 0; i < 40; i++) doubled = new Holder({ a: doubled, b: doubled });
    expect(doubled.modules().length).toBe(41);
    expect(() => doubled.stateDict()).toThrow(/more than 131072 modules/);
  });
});

describe('methods of a Module', () => {
  it('modules, namedModules, children and apply, in the order of PyTorch', () => {
    const net = nn.sequential(nn.conv1d(1, 1, 1), nn.sequential(nn.relu()));
    expect([...net.namedModules().keys()]).toEqual(['', '0', '1', '1.0']);
    expect(net.modules()[0]).toBe(net);
    expect(net.children()).toEqual([net.at(0), net.at(1)]);
    const order: string[] = [];
    expect(net.apply((module) => void order.push(module.constructor.name))).toBe(net);
    expect(order).toEqual(['Conv1d', 'Relu', 'Sequential', 'Sequential']);
    expect(() => net.apply((async () => {}) as never)).toThrow(/apply\(fn\): fn returned a promise/);
    net.apply((module) => {
      if (module instanceof nn.Module && 'weight' in module) noGrad(() => (module.weight as Tensor).fill_(2));
    });
    expect(net.parameters()[0]!.toArray()).toEqual([[[2]]]);
  });

  it('requiresGrad_ freezes and thaws', () => {
    const net = nn.linear(2, 1);
    expect(net.requiresGrad_(false)).toBe(net);
    expect(net.forward(ones([1, 2])).requiresGrad).toBe(false);
    expect(net.requiresGrad_().forward(ones([1, 2])).requiresGrad).toBe(true);
  });

  it('a buffer that is not persistent moves and is not saved', () => {
    const net = new Holder({ grid: nn.buffer(ones([1]), { persistent: false }), kept: nn.buffer(ones([1])) });
    expect(names(net)).toEqual(['kept']);
    expect([...net.namedBuffers().keys()]).toEqual(['grid', 'kept']);
    expect((net.to('float64').grid as Tensor).dtype).toBe('float64');
  });

  it('a parameter computed from another is a leaf, as in PyTorch', () => {
    const weight = ones([2], { requiresGrad: true });
    const made = nn.parameter(weight.mul(2));
    expect([made.isLeaf, made.requiresGrad]).toEqual([true, true]);
    expect(nn.parameter(ones([1], { dtype: 'float64' }), { requiresGrad: false }).requiresGrad).toBe(false);
  });

  it('loadStateDict returns the keys that differ', () => {
    const net = nn.linear(2, 1);
    expect(net.loadStateDict(net.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(net.loadStateDict({ bias: ones([1]), more: ones([1]) }, { strict: false })).toEqual({
      missingKeys: ['weight'],
      unexpectedKeys: ['more'],
    });
    expect(() => net.loadStateDict(net.stateDict(), { Strict: false } as never)).toThrow(/found the option Strict/);
    const gone = ones([1]);
    gone.dispose();
    expect(() => net.loadStateDict({ bias: gone }, { strict: false })).toThrow(/bias is a Tensor that was disposed/);
  });

  it('assign takes the dtype of the state and shares no memory with it, and optimizers keep their parameters', () => {
    const net = nn.linear(2, 1);
    const sgd = optim.sgd(net.parameters(), { lr: 1 });
    const weight = ones([1, 2], { dtype: 'float64' });
    scope(() =>
      net
        .forward(ones([1, 2]))
        .sum()
        .backward(),
    );
    const parameter = net.weight;
    net.loadStateDict({ weight, bias: ones([1], { dtype: 'float64' }) }, { assign: true });
    expect(net.weight).toBe(parameter);
    expect([net.weight.dtype, net.weight.requiresGrad, net.weight.isLeaf, net.weight.grad]).toEqual([
      'float64',
      true,
      true,
      null,
    ]);
    noGrad(() => weight.fill_(3));
    expect(net.weight.toArray(), 'the state changed, the module did not').toEqual([[1, 1]]);
    scope(() =>
      net
        .forward(ones([1, 2], { dtype: 'float64' }))
        .sum()
        .backward(),
    );
    sgd.step();
    expect(net.weight.toArray()).toEqual([[0, 0]]);
    const view = net.weight.data();
    net.loadStateDict({ weight: ones([1, 2]), bias: ones([1]) }, { assign: true });
    expect([view.length, net.weight.data().constructor.name]).toEqual([0, 'Float32Array']);
    const integers = { weight: zeros([1, 2], { dtype: 'int64' }), bias: ones([1]) };
    expect(() => net.loadStateDict(integers, { assign: true })).toThrow(/weight is int64, expected a floating-point/);
    expect(net.bias!.toArray()).toEqual([1]);
  });

  it('assign reaches a network that was prepared for inference', () => {
    const options = { depth: 2, wf: 2, padding: true } as const;
    const [fast, plain] = [nn.unet(options).eval().prepareInference(), nn.unet(options).eval()];
    const image = ones([1, 1, 8, 8]);
    const difference = () =>
      scope(() => noGrad(() => Number(fast.forward(image).sub(plain.forward(image)).abs().max().item())));
    expect(difference()).toBeGreaterThan(1e-3);
    fast.loadStateDict(plain.stateDict(), { assign: true });
    expect(difference()).toBeLessThan(1e-5);
  });

  it('a forward hook sees and may replace the output, until it is removed', async () => {
    const net = nn.sequential(nn.linear(2, 2), nn.relu());
    const layer = net.at(0) as nn.Linear;
    const seen: unknown[] = [];
    const remove = layer.registerForwardHook((module, [input], output) => {
      seen.push(module === layer, input.shape, output.shape);
    });
    const replace = layer.registerForwardHook(() => ones([1, 2]).mul(7));
    expect(net.forward(ones([1, 2])).toArray()).toEqual([[7, 7]]);
    expect((await net.forwardAsync(ones([3, 2]))).toArray()).toEqual([[7, 7]]);
    expect(seen).toEqual([true, [1, 2], [1, 2], true, [3, 2], [3, 2]]);
    remove();
    replace();
    expect(net.forward(ones([1, 2])).shape).toEqual([1, 2]);
    expect(seen.length).toBe(6);
    expect(Object.keys(layer), 'no field of the module').not.toContain('forward');
    expect(() => layer.registerForwardHook(3 as never)).toThrow(/found number, expected a function/);
    layer.registerForwardHook((async () => {}) as never);
    expect(() => net.forward(ones([1, 2]))).toThrow(/registerForwardHook\(fn\): fn returned a promise/);
  });

  it('a field named like a method hides only that method', () => {
    const net = new Holder({ children: [small()], modules: small(), buffers: 3, entries: 1 });
    expect(net.parameters().length).toBe(2);
    expect(net.eval().training).toBe(false);
    net.apply(() => {});
    net.to('float64').zeroGrad();
    expect(inspect(net)).toMatch(/\(children\.0\): Linear/);
  });

  it('train() takes a boolean', () => {
    expect(() => nn.relu().train('no' as never)).toThrow(/train\(\): found string, expected a boolean/);
  });

  it('leaves no handle behind', () => {
    const before = memory().handles;
    const net = new Holder({ list: nn.moduleList([small(), nn.batchNorm1d(2)]), p: nn.parameterList([ones([1])]) });
    net.parameters();
    net.stateDict();
    net.dispose();
    expect(memory().handles).toBe(before);
  });
});

describe('util.inspect of a Module', () => {
  it('shows the tree with options, shapes and counts', () => {
    const net = new Holder({
      conv: nn.conv2d(1, 8, 3, { padding: 1, bias: false }),
      body: nn.sequential(nn.linear(2, 2), nn.linear(2, 2), nn.relu()),
      scale: nn.parameter(ones([1])),
    });
    net.parameters()[0]!.requiresGrad = false;
    expect(inspect(net)).toBe(
      [
        'Holder(',
        '  (conv): Conv2d(1, 8, kernel=[3, 3], bias=false, padding=[1, 1]) weight [8, 1, 3, 3]: 72 parameters',
        '  (body): Sequential(',
        '    (0-1): 2 x Linear(2, 2) weight [2, 2], bias [2]: 6 parameters',
        '    (2): Relu()',
        '  ) 12 parameters',
        ') scale [1]: 85 parameters, 1 of them frozen',
      ].join('\n'),
    );
    expect(inspect({ a: { b: { c: { net } } } }, { depth: 2 })).not.toMatch(/Conv2d/);
    expect(inspect(nn.unet({ depth: 2, wf: 2 }))).toMatch(
      /^UNet\(inChannels=1, .*depth=2.*\) \d+ tensors: [\d,]+ para/,
    );
  });

  it('never throws: disposed parameters, containers that are refused elsewhere', () => {
    const net = nn.linear(2, 2);
    net.dispose();
    expect(inspect(net)).toBe('Linear(2, 2) weight disposed, bias disposed');
    expect(inspect(new Holder({ list: [small(), null] }))).toMatch(/list\[1\] is null/);
  });
});
