import { NoduleTrainError, type TrainConfigInput, type Volume } from 'nodule-train';
import { type DType, nn, ones, type Tensor } from 'nodule-train/torch';

const sum: Tensor = ones([2, 3]).add(1).sum();
const dtype: DType = sum.dtype;
const shape: readonly number[] = nn.unet({ inChannels: 7, classes: 1 }).forward(ones([1, 7, 256, 256])).shape;
const spacing = (volume: Volume): readonly number[] | null => volume.spacing;
const config: Partial<TrainConfigInput> = { epochs: 1 };
// @ts-expect-error a shape is a list of numbers
ones('2, 3');
// @ts-expect-error no such dtype
const wrong: DType = 'float12';
export const known: Error = new NoduleTrainError('code', 'message');
export { config, dtype, shape, spacing, wrong };
