import { encode } from 'fast-png';
import { greySlice, slicePicture, type Volume } from '../ct/index.js';

/** Pixels between tiles. */
const GAP = 4;
/** Grey value beyond the slice. */
const BACKGROUND = 24;
/** Range of `greySlice`. */
const GREY = { low: 0, high: 255 };

export interface Tile {
  volume: Volume;
  /** Above 0 inside true nodules; shape of the volume. */
  truth: Uint8Array;
  /** Above 0 inside predicted nodules; shape of the volume. */
  predicted: Int32Array | Uint8Array;
  /** Centre of the tile: slice, row, column. */
  center: readonly [number, number, number];
}

/**
 * Draws nodules as pairs of tiles: the plain slice on the left, and on the right the same with label and prediction in
 * the colours of the training pictures (`pictureLegend`).
 *
 * @param pairs pairs per row of the picture
 * @param window rows and columns of voxels around the centre of each tile
 * @param zoom pixels per voxel
 * @returns a PNG file
 */
export function overlayPicture(tiles: readonly Tile[], { pairs = 4, window = 64, zoom = 2 } = {}): Uint8Array {
  const side = window * zoom;
  const [across, down] = [Math.min(pairs, tiles.length), Math.ceil(tiles.length / pairs)];
  const width = across * (2 * side + GAP) + (across - 1) * 3 * GAP;
  const height = down * side + (down - 1) * GAP;
  const data = new Uint8Array(width * height * 3).fill(BACKGROUND);
  tiles.forEach((tile, at) => {
    const left = (at % pairs) * (2 * side + 4 * GAP);
    const top = Math.floor(at / pairs) * (side + GAP);
    const { plain, coloured } = drawSlices(tile);
    const [, rows, columns] = tile.volume.shape;
    for (let y = 0; y < side; y++) {
      const row = tile.center[1] - (window >> 1) + Math.floor(y / zoom);
      if (row < 0 || row >= rows) continue;
      for (let x = 0; x < side; x++) {
        const column = tile.center[2] - (window >> 1) + Math.floor(x / zoom);
        if (column < 0 || column >= columns) continue;
        const from = 3 * (row * columns + column);
        const to = 3 * ((top + y) * width + left + x);
        data.set(plain.subarray(from, from + 3), to);
        data.set(coloured.subarray(from, from + 3), to + 3 * (side + GAP));
      }
    }
  });
  return encode({ width, height, data, channels: 3, depth: 8 });
}

function drawSlices({ volume, truth, predicted, center }: Tile): { plain: Uint8Array; coloured: Uint8Array } {
  const [, rows, columns] = volume.shape;
  const [first, last] = [center[0] * rows * columns, (center[0] + 1) * rows * columns];
  const grey = greySlice(volume, center[0]);
  const draw = (label: ArrayLike<number>, prediction: ArrayLike<number>) =>
    slicePicture(grey, label, prediction, rows, columns, GREY).rgb;
  const nothing = new Uint8Array(rows * columns);
  return {
    plain: draw(nothing, nothing),
    coloured: draw(truth.subarray(first, last), predicted.subarray(first, last)),
  };
}
