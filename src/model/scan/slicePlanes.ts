import type { SliceBox, Volume } from '../../ct/index.js';
import { noGrad, scope } from '../../torch/index.js';
import type { ScanModel } from '../scanModel.js';
import { choosePassSize } from './choosePassSize.js';
import { receptiveRadius } from './receptiveRadius.js';
import { joinBoxes, type ScanRegion } from './scanRegion.js';
import { paddedSlice, sliceInput } from './sliceInput.js';

/**
 * Runs the network over the slices of a region, with their neighbours as channels. It gets the box of each batch and as
 * much around it as the probabilities inside depend on, on the same grid of pooling windows, so they equal those of
 * whole slices up to rounding.
 *
 * @yields the probabilities of one slice after another, `[rows, columns]`, 0 outside its box; null for a slice without
 *   one. A plane is valid until the next one
 */
export function* slicePlanes(
  volume: Volume,
  model: ScanModel,
  { boxes }: Pick<ScanRegion, 'boxes'>,
  batch?: number,
): Generator<Float32Array | null, void, void> {
  const [slices, rows, columns] = volume.shape;
  const plane = new Float32Array(rows * columns);
  const size = batch ?? choosePassSize(model.device, rows * columns, 1);
  for (let first = 0; first < slices; ) {
    if (boxes[first] === null) {
      yield null;
      first++;
      continue;
    }
    let count = 1;
    while (count < size && first + count < slices && boxes[first + count] !== null) count++;
    const whole = joinBoxes(boxes.slice(first, first + count))!;
    const values = forwardSlices(volume, model, first, count, whole);
    for (let n = 0; n < count; n++) {
      const { top, left, height, width } = boxes[first + n]!;
      plane.fill(0);
      for (let r = top; r < top + height; r++) {
        const from = (n * whole.height + r - whole.top) * whole.width + left - whole.left;
        plane.set(values.subarray(from, from + width), r * columns + left);
      }
      yield plane;
    }
    first += count;
  }
}

/** Runs the network over consecutive slices. Returns the probabilities inside the box, `[count, height, width]`. */
function forwardSlices(volume: Volume, model: ScanModel, first: number, count: number, box: SliceBox): Float32Array {
  const input = inputBox(volume, model, box);
  return noGrad(() =>
    scope(() => {
      const probability = model.net
        .forward(sliceInput(volume, first, count, input, model))
        .narrow(2, box.top - input.top, box.height)
        .narrow(3, box.left - input.left, box.width)
        .to('cpu')
        .to('float32')
        .contiguous();
      // Copied, because the view ends with the scope.
      return (probability.data() as Float32Array).slice();
    }),
  );
}

/** Extends a box by what its probabilities depend on, to multiples of `sizeMultiple` within the padded slice. */
function inputBox({ shape }: Volume, model: ScanModel, box: SliceBox): SliceBox {
  const { sizeMultiple, radius = receptiveRadius(Math.log2(sizeMultiple) + 1, 'upsample') } = model;
  const slice = paddedSlice(shape, model);
  const extend = (from: number, length: number, whole: number): [start: number, length: number] => {
    const start = Math.max(Math.floor((from - radius) / sizeMultiple) * sizeMultiple, 0);
    const end = Math.min(Math.ceil((from + length + radius) / sizeMultiple) * sizeMultiple, whole);
    return [start, end - start];
  };
  const [top, height] = extend(box.top, box.height, slice.height);
  const [left, width] = extend(box.left, box.width, slice.width);
  return { top, left, height, width };
}
