import { NoduleTrainError } from '../runtime/index.js';
import type { nn, Tensor } from '../torch/index.js';

/**
 * Infers the options of the U-Net that a state_dict belongs to from its names and shapes. They do not show pooling,
 * padding and the final activation: `pooling` is given, and a network for whole slices pads and ends in a sigmoid.
 *
 * @throws NoduleTrainError `model-weights` if the names are not those of a U-Net
 */
export function inferUNetOptions(
  path: string,
  state: ReadonlyMap<string, Tensor>,
  pooling: 'max' | 'avg',
): nn.UNetOptions {
  const inputNorm = state.has('unet.last.weight');
  const shapeOf = (name: string): readonly number[] => {
    const key = (inputNorm ? 'unet.' : '') + name;
    const tensor = state.get(key);
    if (tensor) return tensor.shape;
    throw new NoduleTrainError(
      'model-weights',
      `reading the model ${path}: found no ${key} among its ${state.size} tensors, ` +
        'expected the weights of a U-Net (down_path…, up_path…, last)',
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
