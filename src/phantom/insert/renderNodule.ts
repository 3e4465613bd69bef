import type { Index3, Shape3, Vector3 } from '../../ct/index.js';
import { type Lungs, shareInside } from '../drawNodules.js';
import type { NoduleShape } from '../noduleShape.js';
import { scramble } from '../random.js';
import { whiteNoise } from '../simulateScanner.js';
import { blurBox } from './blurBox.js';
import { boxAround } from './findSite.js';
import { makeNoise, noiseAt } from './measureNoise.js';
import { type ScanSurvey, visitBox } from './surveyScan.js';

/** A nodule to render. Places are in mm from the centre of the first voxel, along the axes of the grid. */
export interface NoduleToRender {
  shape: NoduleShape;
  /** Distance of the farthest point of its surface from the centre, in mm. */
  reach: number;
  /** HU of the solid part, and of ground glass around it. */
  solidHu: number;
  glassHu: number;
  /** Radius of the solid part relative to the nodule's: 0 for ground glass, 1 for solid. */
  core: number;
  /** Mean HU of the lung there. */
  lungHu: number;
  /** The chest wall cuts it. */
  atWall: boolean;
  /** Blur of the nodule's own margin in mm. */
  marginMm: number;
  /** Its tissue has pockets that are darker by about this much, of this size (standard deviation) in mm. */
  pocketHu: number;
  pocketMm: number;
  key: number;
}

export interface Rendered {
  /** Positions of the mask's voxels. */
  mask: number[];
  /** Volume in mm³ from the share of each voxel. */
  volumeMm3: number;
  /** Mean place of the mask's voxels, in mm along the axes of the grid. */
  centroid: Vector3;
  /** Standard deviation of the noise in HU. */
  noiseHu: number;
  /** Number of voxels whose value may have changed. */
  touched: number;
}

/** Smallest share that is rendered: about 1 HU between lung and tissue. */
const LEAST_SHARE = 0.001;
/** Blur of the mask that gives the distance from its smooth surface, in mm. */
const SURFACE_MM = 1.2;
/** A voxel this much darker than the nodule is filled in full; one as bright is left alone. */
const FILLED_BELOW_HU = 100;

/**
 * Renders a nodule into `out`, a copy of the scan's voxels.
 *
 * The nodule's share of each voxel (4×4×4 samples) is blurred with the scan's point spread. Tissue then replaces that
 * share of the air: `value = smooth + g·max(0, target - smooth) + (1 - g)·(value - smooth) + √(1 - (1 - g)²)·noise`, so
 * vessels and walls that are as bright continue, and the variance of the noise is the same throughout. Voxels without a
 * share keep their value. The mask has the voxels with a share of at least one half before the blur.
 */
export function renderNodule(out: Int16Array, survey: ScanSurvey, nodule: NoduleToRender): Rendered {
  const { spacing, blur } = survey;
  const { shape, core, glassHu, solidHu, lungHu } = nodule;
  const [planeMm, acrossMm] = [blur.planeMm, blur.acrossMm].map((mm) => Math.hypot(mm, nodule.marginMm)) as [
    number,
    number,
  ];
  const sigmas: Vector3 = [planeMm / spacing[0], planeMm / spacing[1], acrossMm / spacing[2]];
  const box = boxAround(survey, shape.center, nodule.reach + 3 * Math.max(planeMm, acrossMm) + 2);
  const size = [0, 1, 2].map((axis) => box.high[axis]! - box.low[axis]! + 1) as unknown as Shape3;
  const lungs = nodule.atWall ? smoothLungs(survey, box.low, size) : endless;
  // Into the wall as far as the edge of the lung is blurred, or the edge would stay as a dark line.
  const margin = 2 * planeMm + spacing[0];
  const beyond: Lungs = nodule.atWall ? { lungDepth: (x, y, z) => lungs.lungDepth(x, y, z) + margin } : endless;
  const glass = core === 1 ? 1 : Math.max(0, Math.min(1, (glassHu - lungHu) / (solidHu - lungHu)));
  const fill = new Float32Array(size[0] * size[1] * size[2]);
  const mask: number[] = [];
  const sum: [number, number, number] = [0, 0, 0];
  let shares = 0;
  visitPlaces(survey, box, (inBox, at, x, y, z) => {
    const whole = shareInside(shape, beyond, x, y, z, spacing, 1);
    if (whole === 0) return;
    const solid = core === 1 ? whole : core > 0 ? shareInside(shape, beyond, x, y, z, spacing, core) : 0;
    fill[inBox] = core === 1 ? whole : glass * whole + (1 - glass) * solid;
    const share = nodule.atWall ? shareInside(shape, lungs, x, y, z, spacing, 1) : whole;
    shares += share;
    if (share < 0.5) return;
    mask.push(at);
    sum[0] += x;
    sum[1] += y;
    sum[2] += z;
  });
  blurBox(fill, size, sigmas);
  const place: Index3 = [shape.center[2] / spacing[2], shape.center[1] / spacing[1], shape.center[0] / spacing[0]];
  const noiseHu = noiseAt(survey.noise, place, spacing);
  const touched = blend(out, survey, box, size, fill, { ...nodule, noiseHu });
  return {
    mask,
    volumeMm3: shares * spacing[0] * spacing[1] * spacing[2],
    centroid: sum.map((total) => total / Math.max(1, mask.length)) as unknown as Vector3,
    noiseHu,
    touched,
  };
}

/** Volume in mm³ of the part of a shape that is in the lungs. */
export function volumeInLungs(survey: ScanSurvey, shape: NoduleShape, reach: number, atWall: boolean): number {
  const { spacing } = survey;
  const box = boxAround(survey, shape.center, reach + 2);
  const size = [0, 1, 2].map((axis) => box.high[axis]! - box.low[axis]! + 1) as unknown as Shape3;
  const lungs = atWall ? smoothLungs(survey, box.low, size) : endless;
  let shares = 0;
  visitPlaces(survey, box, (_, __, x, y, z) => {
    shares += shareInside(shape, lungs, x, y, z, spacing, 1);
  });
  return shares * spacing[0] * spacing[1] * spacing[2];
}

const endless: Lungs = { lungDepth: () => Number.POSITIVE_INFINITY };

/**
 * Smooth surface of the lungs in a box. A blurred mask is Φ(depth / σ) at a flat border, whose inverse is close to a
 * logit: depth = σ · ln(m / (1 - m)) / 1.702.
 */
function smoothLungs({ volume: { shape }, lungs, spacing }: ScanSurvey, low: Index3, size: Shape3): Lungs {
  const high: Index3 = [low[0] + size[0] - 1, low[1] + size[1] - 1, low[2] + size[2] - 1];
  const depth = new Float32Array(size[0] * size[1] * size[2]);
  visitBox(shape, { low, high }, (inBox, at) => {
    depth[inBox] = lungs[at]!;
  });
  blurBox(depth, size, spacing.map((mm) => SURFACE_MM / mm) as unknown as Vector3);
  for (let at = 0; at < depth.length; at++) {
    const inside = Math.max(1e-4, Math.min(1 - 1e-4, depth[at]!));
    depth[at] = (SURFACE_MM * Math.log(inside / (1 - inside))) / 1.702;
  }
  const [slices, rows, columns] = size;
  const lungDepth = (x: number, y: number, z: number): number => {
    const places = [z / spacing[2] - low[0], y / spacing[1] - low[1], x / spacing[0] - low[2]] as const;
    const [i, r, c] = places.map((place, axis) => Math.max(0, Math.min(size[axis]! - 1.001, place))) as [
      number,
      number,
      number,
    ];
    const [i0, r0, c0] = [Math.floor(i), Math.floor(r), Math.floor(c)];
    const [di, dr, dc] = [slices > 1 ? i - i0 : 0, r - r0, c - c0];
    let value = 0;
    for (let corner = 0; corner < 8; corner++) {
      const [ki, kr, kc] = [corner & 1, (corner >> 1) & 1, corner >> 2];
      const weight = (ki ? di : 1 - di) * (kr ? dr : 1 - dr) * (kc ? dc : 1 - dc);
      if (weight > 0) value += weight * depth[((i0 + ki) * rows + r0 + kr) * columns + c0 + kc]!;
    }
    return value;
  };
  return { lungDepth };
}

function visitPlaces(
  { volume: { shape }, spacing }: ScanSurvey,
  { low, high }: { low: Index3; high: Index3 },
  visit: (inBox: number, at: number, x: number, y: number, z: number) => void,
): void {
  const [, rows, columns] = shape;
  let inBox = 0;
  for (let i = low[0]; i <= high[0]; i++)
    for (let r = low[1]; r <= high[1]; r++)
      for (let c = low[2]; c <= high[2]; c++)
        visit(inBox++, (i * rows + r) * columns + c, c * spacing[0], r * spacing[1], i * spacing[2]);
}

/** Blends tissue into the box; returns the number of voxels that may have changed. */
function blend(
  out: Int16Array,
  { volume, spacing, blur, noise: scanNoise }: ScanSurvey,
  box: { low: Index3; high: Index3 },
  size: Shape3,
  fill: Float32Array,
  { solidHu, pocketHu, pocketMm, noiseHu, key }: NoduleToRender & { noiseHu: number },
): number {
  const { scale, offset } = volume;
  const smooth = new Float32Array(fill.length);
  visitBox(volume.shape, box, (inBox, at) => {
    smooth[inBox] = out[at]! * scale + offset;
  });
  blurBox(smooth, size, [1, 1, 0.3]);
  const noise = makeNoise(scanNoise, size, scramble(key));
  const texture = new Float32Array(fill.length);
  whiteNoise(texture, scramble(key ^ 0x2545f491), 0);
  // Voxels and the scanner average pockets, which makes them wider and shallower.
  const seenMm = spacing.map((mm, axis) =>
    Math.hypot(pocketMm, axis === 2 ? blur.acrossMm : blur.planeMm, mm / Math.sqrt(12)),
  );
  blurBox(texture, size, seenMm.map((mm, axis) => mm / spacing[axis]!) as unknown as Vector3);
  const seenHu = pocketHu * Math.sqrt(seenMm.reduce((product, mm) => (product * pocketMm) / mm, 1));
  const unit = 1 / Math.max(1e-9, Math.sqrt(texture.reduce((sum, v) => sum + v * v, 0) / texture.length));
  let touched = 0;
  visitBox(volume.shape, box, (inBox, at) => {
    const level = unit * texture[inBox]!;
    const target = solidHu + seenHu * (level > 0 ? -level : -0.2 * level);
    const missing = target - smooth[inBox]!;
    if (missing <= 0) return;
    const share = Math.min(1, fill[inBox]!) * Math.min(1, missing / FILLED_BELOW_HU);
    if (share < LEAST_SHARE) return;
    touched++;
    const hu = out[at]! * scale + offset;
    const rest = 1 - share;
    const value =
      smooth[inBox]! +
      share * missing +
      rest * (hu - smooth[inBox]!) +
      Math.sqrt(1 - rest * rest) * noiseHu * noise[inBox]!;
    out[at] = clampInt16((value - offset) / scale);
  });
  return touched;
}

const clampInt16 = (value: number): number => Math.max(-32768, Math.min(32767, Math.round(value)));
