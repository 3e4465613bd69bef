// Learns to add up a sequence with a GRU cell written by hand.
import {
  clipGradValue,
  empty,
  functional as F,
  manualSeed,
  nn,
  optim,
  rand,
  scope,
  type Tensor,
  zeros,
} from 'nodule-train/torch';

/** The three parts of a product with stacked weights. */
const three = (x: Tensor): [Tensor, Tensor, Tensor] => {
  const [a, b, c] = x.chunk(3, 1);
  if (a === undefined || b === undefined || c === undefined) throw new Error('the width is not a multiple of three');
  return [a, b, c];
};

class GruCell extends nn.Module<[Tensor, Tensor]> {
  weight_ih;
  weight_hh;
  bias_ih;
  bias_hh;

  constructor(inputs: number, hidden: number) {
    super();
    const bound = 1 / Math.sqrt(hidden);
    const uniform = (rows: number, columns: number) => nn.parameter(empty(rows, columns).uniform_(-bound, bound));
    this.weight_ih = uniform(3 * hidden, inputs);
    this.weight_hh = uniform(3 * hidden, hidden);
    this.bias_ih = nn.parameter(zeros(3 * hidden));
    this.bias_hh = nn.parameter(zeros(3 * hidden));
  }

  forward(x: Tensor, h: Tensor): Tensor {
    const [rX, zX, nX] = three(F.linear(x, this.weight_ih, this.bias_ih));
    const [rH, zH, nH] = three(F.linear(h, this.weight_hh, this.bias_hh));
    const r = rX.add(rH).sigmoid();
    const z = zX.add(zH).sigmoid();
    const n = nX.add(r.mul(nH)).tanh();
    return z.rsub(1).mul(n).add(z.mul(h));
  }
}

export function gru(): number[] {
  manualSeed(2);
  const cell = new GruCell(1, 12);
  const head = nn.linear(12, 1);
  const parameters = [...cell.parameters(), ...head.parameters()];
  const optimizer = optim.adam(parameters, { lr: 0.01 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 8; epoch++)
    scope(() => {
      const x = rand(16, 6, 1);
      let h = zeros(16, 12);
      for (let t = 0; t < 6; t++) h = cell.forward(x.select(1, t), h);
      const loss = F.mseLoss(head.forward(h), x.sum(1));
      optimizer.zeroGrad();
      loss.backward();
      clipGradValue(parameters, 0.5);
      optimizer.step();
      losses.push(loss.item());
    });
  return losses;
}
