import type { Index3, Vector3 } from '../ct/index.js';

/** Texture of a nodule on CT; docs/reference/nodules.md has the rule. */
export type NoduleTexture = 'solid' | 'part-solid' | 'non-solid';

/** A line in one slice between two points in pixels `[row, column]`; the centre of the first pixel is `[0, 0]`. */
export type SliceLine = readonly [from: readonly [number, number], to: readonly [number, number]];

/** One predicted nodule of a scan, as `nodules.json` has it. Lengths in mm are null where the spacing is unknown. */
export interface Nodule {
  /** Its number in label images and its segment number, from 1, by descending score. */
  number: number;
  /** Mean probability over its voxels, 0…1. */
  score: number;
  /** Mean position of its voxels `[x, y, z]`, LPS mm; null where the spacing is unknown. */
  center: Vector3 | null;
  /** The same place as `[slice, row, column]`, fractional. */
  centerIndex: Index3;
  /** First and last index, both inside, as `[slice, row, column]`. */
  box: { low: Index3; high: Index3 };
  voxels: number;
  volumeMm3: number | null;
  /**
   * Largest extent in the axial slice where it is largest: distance between pixel centres plus one pixel, so never 0.
   */
  longAxisMm: number | null;
  /** Largest extent perpendicular to the long axis in the same slice, measured the same way. */
  shortAxisMm: number | null;
  /** Where both axes were measured. */
  axes: { slice: number; long: SliceLine; short: SliceLine };
  /** Largest distance between two of its voxels in 3D, plus one pixel. */
  diameter3dMm: number | null;
  /** Mean and standard deviation of its voxels in HU; null for a scan that is not in HU. */
  meanHu: number | null;
  sdHu: number | null;
  /** Share of its voxels that are solid, 0…1; null for a scan that is not in HU. */
  solidShare: number | null;
  texture: NoduleTexture | null;
  /** First and last slice, with their SOP instance UIDs where the file has them. */
  slices: { first: number; last: number; firstUid: string | null; lastUid: string | null };
  /** Whether it touches the chest wall, mediastinum or diaphragm; null where no lungs were found. */
  touchesPleura: boolean | null;
}

/** The voxels of one predicted nodule. */
export interface NoduleRegion {
  /** From 1, by descending score. */
  number: number;
  /** Mean probability over its voxels, 0…1. */
  score: number;
  /** Positions of its voxels in the scan's array, ascending. */
  positions: Int32Array;
}
