import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import { fromSlot, isTensor, ownedFromSlot, slotOf, type Tensor } from '../tensor/tensor.js';
import { torchError } from '../torchError.js';
import { describeOptions } from './describeOptions.js';
import { Module, type ModuleEntry } from './module.js';
import type { NativeUNet } from './native.js';
import { type ResolvedUNetOptions, type UNetOptions, unetOptions } from './unetOptions.js';

const checkInput = (input: unknown): void => {
  if (!isTensor(input))
    throw new NoduleTrainError('torch', `U-Net forward: the input is ${typeof input}, expected a Tensor`);
};

/** A native U-Net (Ronneberger et al. 2015) with pytorch-unet's names, options and edge rules; made by {@link unet}. */
export class UNet extends Module {
  readonly options: ResolvedUNetOptions;
  readonly #native: NativeUNet;
  readonly #entries: ModuleEntry[];

  constructor(options: UNetOptions = {}) {
    super();
    const parsed = unetOptions.safeParse(options);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new NoduleTrainError(
        'unet-options',
        `nn.unet: ${issue.path.length > 0 ? `option ${issue.path.join('.')}: ` : ''}${issue.message}`,
      );
    }
    this.options = Object.freeze(parsed.data);
    const { upMode, pooling, init, biasInit, ...rest } = parsed.data;
    this.#native = new (native().UNet)({
      ...rest,
      upsample: upMode === 'upsample',
      averagePooling: pooling === 'avg',
    });
    if (init === 'kaiming') this.#native.initializeAsBook(biasInit === 'normal');
    this.#entries = this.#native.tensors().map(({ name, slot, buffer }) => ({
      name,
      tensor: ownedFromSlot(slot),
      buffer,
      persistent: true,
    }));
  }

  protected override nativeEntries(): readonly ModuleEntry[] {
    return this.#entries;
  }
  override extraRepr(): string {
    return describeOptions([], this.options);
  }

  /**
   * @param input [B, inChannels, H, W]
   * @returns [B, classes, H', W'], probabilities with `sigmoid`, else logits. H' = H with padding if H is divisible by
   *   2^(depth-1), else what pytorch-unet's centre crop leaves
   * @throws NoduleTrainError `torch` if the input does not fit
   */
  forward(input: Tensor): Tensor {
    checkInput(input);
    try {
      return fromSlot(this.#native.forward(slotOf(input)));
    } catch (cause) {
      throw torchError(cause);
    }
  }

  /** Like {@link forward}, but on this thread's queue. The network and the input may be disposed at once. */
  override async forwardAsync(input: Tensor): Promise<Tensor> {
    checkInput(input);
    try {
      return fromSlot(await this.#native.forwardAsync(slotOf(input)));
    } catch (cause) {
      throw torchError(cause);
    }
  }

  /**
   * Prepares fast inference: from now on, evaluation mode without gradients on the CPU in float32 runs the network
   * as one operator, equal to about 1e-6 of the largest value, several times faster. Weights are transformed on the
   * first run and again after they change. Everything else (training, CUDA, more than 256 channels in a level) runs
   * layer by layer, as before.
   */
  prepareInference(): this {
    this.#native.prepareInference();
    return this;
  }

  override train(on = true): this {
    super.train(on);
    this.#native.setTraining(on);
    return this;
  }

  override dispose(): void {
    super.dispose();
    this.#native.dispose();
  }
}

/** Makes a U-Net. @throws NoduleTrainError `unet-options` */
export const unet = (options: UNetOptions = {}): UNet => new UNet(options);
