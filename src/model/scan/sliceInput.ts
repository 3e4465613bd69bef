import type { SliceBox, Volume } from '../../ct/index.js';
import { fromData, op, type Tensor } from '../../torch/index.js';
import type { ScanModel } from '../scanModel.js';

/**
 * Builds the network input `[count, 2 * contextSlices + 1, height, width]` of consecutive slices: HU
 * clipped to the model's range, or arbitrary values as they are. Outside the scan its edge slices, rows and columns
 * repeat. Each plane is copied and converted once, though up to `2 * contextSlices + 1` slices read it.
 *
 * @param box may reach beyond the last row and column, as rows and columns are padded to the model's `sizeMultiple`
 */
export function sliceInput(volume: Volume, first: number, count: number, box: SliceBox, model: ScanModel): Tensor {
  const { voxels, shape, scale, offset } = volume;
  const [slices, rows, columns] = shape;
  const { contextSlices, device } = model;
  const height = Math.min(box.height, rows - box.top);
  const width = Math.min(box.width, columns - box.left);
  const planes = count + 2 * contextSlices;
  const stored = new Int16Array(planes * height * width);
  for (let plane = 0; plane < planes; plane++) {
    const slice = Math.min(Math.max(first + plane - contextSlices, 0), slices - 1);
    for (let r = 0; r < height; r++) {
      const from = (slice * rows + box.top + r) * columns + box.left;
      stored.set(voxels.subarray(from, from + width), (plane * height + r) * width);
    }
  }
  // int16 halves the bytes copied to the device.
  let image = fromData(stored, [1, planes, height, width]).to(device).to('float32');
  if (scale !== 1 || offset !== 0) image = image.mul(scale).add(offset);
  if (model.input.kind === 'hu-clip') image = image.clamp(model.input.low, model.input.high);
  const [down, right] = [box.height - height, box.width - width];
  if (down + right > 0) image = op('aten::replication_pad2d')(image, [0, right, 0, down]) as Tensor;
  // [planes, H, W], seen as [count, H, W, channels], to [count, channels, H, W].
  const stacks = op('aten::unfold')(image.select(0, 0), 0, 2 * contextSlices + 1, 1) as Tensor;
  return stacks.permute(0, 3, 1, 2).contiguous();
}

/** The box of whole slices, padded to the model's `sizeMultiple`. */
export const paddedSlice = ([, rows, columns]: Volume['shape'], { sizeMultiple }: ScanModel): SliceBox => ({
  top: 0,
  left: 0,
  height: Math.ceil(rows / sizeMultiple) * sizeMultiple,
  width: Math.ceil(columns / sizeMultiple) * sizeMultiple,
});
