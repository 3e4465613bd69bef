import { NoduleTrainError } from '../runtime/error.js';
import type { nn, Tensor } from '../torch/index.js';

/**
 * The U-Net that a state_dict is of, as far as its names and shapes say it. They do not say how it pools, pads or ends:
 * `pooling` is given, a network for whole slices pads, and ends in probabilities.
 *
 * @throws NoduleTrainError `model-weights` where the names are no U-Net's
 */
export function networkOf(path: string, state: ReadonlyMap<string, Tensor>, pooling: 'max' | 'avg'): nn.UNetOptions {
  const inputNorm = state.has('unet.last.weight');
  const shapeOf = (name: string): readonly number[] => {
    const key = (inputNorm ? 'unet.' : '') + name;
    const tensor = state.get(key);
    if (tensor) return tensor.shape;
    throw new NoduleTrainError(
      'model-weights',
      `reading the model ${path}: its ${state.size} tensors have no ${key}; wanted are the weights of a U-Net (down_path…, up_path…, last)`,
    );
  };
  const [width, inChannels] = shapeOf('down_path.0.block.0.weight') as [number, number];
  const [classes] = shapeOf('last.weight') as [number];
  const levels = [...state.keys()].map((name) => /^(?:unet\.)?down_path\.(\d+)\./.exec(name)?.[1]);
  return {
    inChannels,
    classes,
    depth: 1 + Math.max(...levels.map((level) => Number(level ?? 0))),
    wf: Math.log2(width),
    padding: true,
    batchNorm: state.has(`${inputNorm ? 'unet.' : ''}down_path.0.block.2.running_mean`),
    upMode: state.has(`${inputNorm ? 'unet.' : ''}up_path.0.up.1.weight`) ? 'upsample' : 'upconv',
    pooling,
    inputNorm,
    sigmoid: true,
  };
}
