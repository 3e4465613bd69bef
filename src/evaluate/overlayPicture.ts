import { encode } from 'fast-png';
import type { Volume } from '../ct/index.js';

/** Lung window in HU, black to white. */
const WINDOW = { low: -1350, high: 150 };
const AGREED = [60, 220, 90] as const;
const MISSED = [70, 140, 255] as const;
const FALSE = [255, 70, 60] as const;
const GAP = 4;

export interface Tile {
  volume: Volume;
  /** 1 where the truth has nodule. */
  truth: Uint8Array;
  /** Above 0 where the model has nodule. */
  predicted: Int32Array | Uint8Array;
  /** Middle of the tile: slice, row, column. */
  center: readonly [number, number, number];
}

/**
 * Tiles in pairs, the plain slice left and the coloured one right: what label and model both mark is green,
 * what the model missed blue, what it marked for nothing red.
 *
 * @param pairs tiles per row of the picture
 * @param window rows and columns of voxels around each tile's middle
 * @param zoom pixels per voxel
 * @returns a PNG file
 */
export function overlayPicture(tiles: Tile[], { pairs = 4, window = 64, zoom = 2 } = {}): Uint8Array {
  const side = window * zoom;
  const [across, down] = [Math.min(pairs, tiles.length), Math.ceil(tiles.length / pairs)];
  const width = across * (2 * side + GAP) + (across - 1) * 3 * GAP;
  const height = down * side + (down - 1) * GAP;
  const data = new Uint8Array(width * height * 3).fill(24);
  tiles.forEach((tile, at) => {
    const left = (at % pairs) * (2 * side + 4 * GAP);
    const top = Math.floor(at / pairs) * (side + GAP);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const row = tile.center[1] - (window >> 1) + Math.floor(y / zoom);
        const column = tile.center[2] - (window >> 1) + Math.floor(x / zoom);
        const { plain, coloured } = pixel(tile, row, column);
        data.set(plain, 3 * ((top + y) * width + left + x));
        data.set(coloured, 3 * ((top + y) * width + left + side + GAP + x));
      }
    }
  });
  return encode({ width, height, data, channels: 3, depth: 8 });
}

function pixel({ volume, truth, predicted, center }: Tile, row: number, column: number) {
  const [, rows, columns] = volume.shape;
  if (row < 0 || column < 0 || row >= rows || column >= columns) return { plain: [0, 0, 0], coloured: [0, 0, 0] };
  const at = (center[0] * rows + row) * columns + column;
  const hu = volume.voxels[at] as number;
  const grey = Math.round(255 * Math.min(1, Math.max(0, (hu - WINDOW.low) / (WINDOW.high - WINDOW.low))));
  const plain = [grey, grey, grey];
  const [wanted, marked] = [truth[at] === 1, (predicted[at] as number) > 0];
  if (!wanted && !marked) return { plain, coloured: plain };
  const colour = wanted && marked ? AGREED : wanted ? MISSED : FALSE;
  return { plain, coloured: colour.map((value) => Math.round(0.5 * grey + 0.5 * value)) };
}
