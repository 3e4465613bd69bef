import { z } from 'zod';
import { NoduleTrainError } from '../../../runtime/index.js';
import { noGrad } from '../../autograd/modes.js';
import type { OperatorArgument } from '../../operators/operatorArguments.js';
import { lazyOp } from '../../operators/operators.js';
import { scope } from '../../scope.js';
import { zeros } from '../../tensor/create.js';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { shortenRows } from '../functional/embedding.js';
import { parameter } from '../marks.js';
import { parseLayer, unusual } from './layerOptions.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';
import { count } from './sizes.js';

const applyEmbedding = operatorPair('aten::embedding');
const normal = lazyOp('aten::normal_');

const schema = z
  .strictObject({
    rows: count,
    features: count,
    paddingIdx: z.int().nullable().default(null),
    maxNorm: z.number().min(0).nullable().default(null),
    normType: z.number().default(2),
    scaleGradByFreq: z.boolean().default(false),
  })
  .refine(({ rows, paddingIdx }) => paddingIdx === null || (paddingIdx >= -rows && paddingIdx < rows), {
    path: ['paddingIdx'],
    message: 'must be the place of a row',
  })
  .transform(({ paddingIdx, ...rest }) => ({
    ...rest,
    paddingIdx: paddingIdx === null || paddingIdx >= 0 ? paddingIdx : rest.rows + paddingIdx,
  }));

export interface EmbeddingOptions {
  /** Row that starts as zeros and has no gradient; a negative one counts from the end. */
  paddingIdx?: number | null | undefined;
  /** Shorten longer rows to this norm whenever they are taken, in `weight` itself. */
  maxNorm?: number | null | undefined;
  /** Exponent of that norm. */
  normType?: number | undefined;
  /** Divide the gradient of a row by how often it occurs. */
  scaleGradByFreq?: boolean | undefined;
}

/** Takes rows of a table; made by {@link embedding}. Integers [...] -> [..., features]. */
export class Embedding extends OperatorLayer {
  /** [rows, features]. */
  readonly weight: Tensor;
  readonly #options: z.output<typeof schema>;

  constructor(rows: number, features: number, options: EmbeddingOptions = {}) {
    super();
    this.#options = parseLayer('embedding', schema, { rows, features }, options);
    const weight = zeros([rows, features]);
    const { paddingIdx } = this.#options;
    noGrad(() => {
      normal(weight, 0, 1);
      if (paddingIdx !== null) scope(() => void weight.select(0, paddingIdx).zero_());
    });
    this.weight = parameter(weight);
  }

  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const { paddingIdx, scaleGradByFreq } = this.#options;
    return [applyEmbedding, [this.weight, input, paddingIdx ?? -1, scaleGradByFreq, false]];
  }
  override forward(input: Tensor): Tensor {
    const { maxNorm, normType } = this.#options;
    if (maxNorm !== null) shortenRows(this.weight, input, maxNorm, normType);
    return super.forward(input);
  }
  /** @throws NoduleTrainError `no-async-forward` with `maxNorm`, which writes to the weight */
  override async forwardAsync(input: Tensor): Promise<Tensor> {
    if (this.#options.maxNorm !== null)
      throw new NoduleTrainError(
        'no-async-forward',
        'Embedding.forwardAsync: maxNorm changes the weight, which another call may be reading. ' +
          'Call forward, or make the layer without maxNorm.',
      );
    return super.forwardAsync(input);
  }
  override extraRepr(): string {
    const { rows, features, ...rest } = this.#options;
    const usual = { paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false };
    return describeOptions([rows, features], unusual(rest, usual));
  }
}

/** Makes PyTorch's `nn.Embedding`. @throws NoduleTrainError `layer-options` */
export const embedding = (rows: number, features: number, options: EmbeddingOptions = {}): Embedding =>
  new Embedding(rows, features, options);
