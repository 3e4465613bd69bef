import { describe, expect, it } from 'vitest';
import { memory, nn, noGrad, ones, optim, scope, type Tensor, zeros } from '../../../dist/torch/index.js';

/** A block with one of each that a Module may hold. */
class Block extends nn.Module {
  readonly scale = nn.parameter(ones([2]));
  readonly steps = nn.buffer(zeros([], { dtype: 'int64' }));
  readonly first = nn.linear(2, 2, { bias: false });
  readonly rest = [nn.linear(2, 2, { bias: false }), nn.relu()];
  readonly note = 'plain data is no part of the state';
  readonly loose = ones([3]);

  forward(input: Tensor): Tensor {
    if (this.training) noGrad(() => this.steps.add_(1));
    return this.rest.reduce((x, module) => module.forward(x), this.first.forward(input).mul(this.scale));
  }
}

describe('a Module in TypeScript', () => {
  it('names assigned parameters, buffers, children and lists as PyTorch does', () => {
    const block = new Block();
    expect([...block.stateDict().keys()]).toEqual(['scale', 'steps', 'first.weight', 'rest.0.weight']);
    expect([...block.namedParameters().keys()]).toEqual(['scale', 'first.weight', 'rest.0.weight']);
    expect([...block.namedBuffers().keys()]).toEqual(['steps']);
    expect(block.namedChildren().map(([name]) => name)).toEqual(['first', 'rest.0', 'rest.1']);
    block.dispose();
  });

  it('learns: its parameters get gradients and an optimizer moves them', () => {
    // Other initial weights may make every ReLU inactive, and then no gradient flows.
    const block = new Block();
    noGrad(() => block.parameters().map((parameter) => parameter.fill_(0.5)));
    const before = block.scale.toArray();
    const adam = optim.adam(block.parameters(), { lr: 0.1 });
    scope(() =>
      block
        .forward(ones([4, 2]))
        .sub(1)
        .pow(2)
        .sum()
        .backward(),
    );
    adam.step();
    expect(block.scale.toArray()).not.toEqual(before);
    block.zeroGrad();
    expect(block.parameters().map(({ grad }) => grad)).toEqual([null, null, null]);
    expect(block.steps.item()).toBe(1);
  });

  it('train() and eval() reach every child', () => {
    const net = nn.sequential(new Block(), nn.sequential(nn.batchNorm2d(2)));
    net.eval();
    const modes = (module: nn.AnyModule): boolean[] => [
      module.training,
      ...module.namedChildren().flatMap(([, child]) => modes(child)),
    ];
    expect(new Set(modes(net))).toEqual(new Set([false]));
    net.train();
    expect(new Set(modes(net))).toEqual(new Set([true]));
  });

  it('a parameter that two children share is one parameter with two names in the state, as in Python', () => {
    class Tied extends nn.Module {
      readonly one = nn.linear(2, 2);
      readonly two = this.one;
      forward(input: Tensor): Tensor {
        return this.two.forward(this.one.forward(input));
      }
    }
    const tied = new Tied();
    expect([...tied.stateDict().keys()]).toEqual(['one.weight', 'one.bias', 'two.weight', 'two.bias']);
    expect([...tied.namedParameters().keys()]).toEqual(['one.weight', 'one.bias']);
    expect(tied.parameters().length).toBe(2);
  });

  it('its state loads into another of its kind, and into no other module', () => {
    const [from, to] = [new Block(), new Block()];
    noGrad(() => from.scale.fill_(3));
    to.loadStateDict(from.stateDict());
    expect(to.scale.toArray()).toEqual([3, 3]);
    const { scale: _, ...rest } = Object.fromEntries(from.stateDict());
    expect(() => to.loadStateDict(rest)).toThrow(/missing: scale/);
    expect(() => to.loadStateDict({ ...rest, scale: ones([3]) })).toThrow(/scale is \[3\], expected \[2\]/);
    to.loadStateDict(rest, { strict: false });
  });

  it('a list with modules holds nothing else', () => {
    class Holes extends nn.Module {
      readonly layers = [nn.relu(), null];
      forward(input: Tensor): Tensor {
        return input;
      }
    }
    expect(() => new Holes().parameters()).toThrow(/layers\[1\] is null, expected a Module/);
  });

  it('outlives the scope that it was made in, and dispose() frees all of it', () => {
    const before = memory().handles;
    const [block] = scope(() => [new Block()]) as [Block];
    expect(block.loose.isDisposed, 'a tensor outside the module is freed with the scope').toBe(true);
    expect(scope(() => block.forward(ones([1, 2])).toArray()).length).toBe(1);
    block.dispose();
    expect(block.scale.isDisposed).toBe(true);
    expect(memory().handles).toBe(before);
  });
});
