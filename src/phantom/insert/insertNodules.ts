import { indexIRC, indexToWorld, type Vector3, type Volume, type WorldLPS, worldToIndex } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { levels, type NoduleAttachment, type NoduleKind } from '../levels.js';
import { type NoduleShape, radiusAlong } from '../noduleShape.js';
import { checkPhantomOptions } from '../phantomOptions.js';
import { randomDensity } from '../placeNodules.js';
import { Random, scramble } from '../random.js';
import type { PhantomNodule } from '../synthesize.js';
import { drawSurface, type InsertedShape } from './drawSurface.js';
import { findSite, type Taken } from './findSite.js';
import { type InsertOptions, insertSchema } from './insertOptions.js';
import { renderNodule, volumeInLungs } from './renderNodule.js';
import { type ScanSurvey, surveyScan } from './surveyScan.js';

/** A nodule inserted into a scan. */
export interface InsertedNodule extends PhantomNodule {
  shape: InsertedShape;
  /** HU of the solid part; null for ground glass. */
  solidHu: number | null;
  /** HU of the ground glass; null for solid. */
  glassHu: number | null;
  /** Radius of the solid core relative to the nodule's: 0 for ground glass, 1 for solid. */
  core: number;
  /** Blur of its own margin (standard deviation), beside the scan's, in mm. */
  marginMm: number;
  /** Depth of the darker pockets of its tissue in HU, and their size in mm. */
  pocketHu: number;
  pocketMm: number;
  /** Mean HU of the lung around it. */
  lungHu: number;
  /** Standard deviation of its noise in HU, that of the soft tissue nearest to it. */
  noiseHu: number;
  /** Number of voxels of the scan that may have changed, with the blurred rim. */
  touched: number;
}

/** A scan with inserted nodules. */
export interface InsertedScan {
  /** The scan with new voxels; voxels away from the inserted nodules are those of the scan. */
  volume: Volume;
  /** 1 where at least half of the voxel is an inserted nodule; `[slices, rows, columns]`. */
  mask: Uint8Array;
  nodules: InsertedNodule[];
  /** Number of nodules requested; more than those inserted where the scan has no room for all. */
  requested: number;
}

/** A nodule that is already in the scan; without a diameter, 10 mm are kept free, as in LUNA16's evaluation. */
export interface ExistingNodule {
  center: WorldLPS;
  diameterMm: number | null;
}

/** What inserting into one scan can share between several versions. */
export interface InsertContext {
  /** Nodules already in the scan, which keep their distance from the new ones. */
  existing?: readonly ExistingNodule[];
  /** Survey of the same scan; made if absent. */
  survey?: ScanSurvey;
}

const SHAPES = { round: 0.25, lobulated: 0.5, spiculated: 0.25 } as const;
/** Blur of the nodule's own margin in mm, beside the scan's. */
const MARGIN_MM: Readonly<Record<NoduleKind, readonly [number, number]>> = {
  solid: [0, 1],
  'part-solid': [0.3, 1.2],
  'ground-glass': [0.7, 1.6],
};
/** Size of darker pockets in mm (standard deviation). */
const POCKET_MM = [1, 2.5] as const;
/** Diameter of a nodule of unknown size. */
const UNKNOWN_DIAMETER_MM = 10;
/** Solid tissue that ground glass is a share of. */
const TISSUE_HU = 40;
/** A nodule is at least this much denser than the lung around it. */
const LEAST_CONTRAST_HU = 120;

/**
 * Inserts synthetic nodules into a scan at plausible places, with the scan's own blur and noise. The scan's nodules
 * stay. The same options give the same voxels. Voxels that no inserted nodule reaches keep their value.
 * @throws NoduleTrainError `phantom-options`, `insert-scan` for a scan that is not in HU or has no lungs or no room for
 * any nodule, `insert-noise`, `spacing-unknown`
 */
export function insertNodules(
  volume: Volume,
  options: InsertOptions,
  { existing = [], survey = surveyScan(volume) }: InsertContext = {},
): InsertedScan {
  const doing = `inserting nodules into ${volume.uid}`;
  const chosen = checkPhantomOptions(insertSchema, doing, options);
  const requested = chosen.nodules ?? new Random(chosen.seed, 0).integer(3, 4);
  const voxels = Int16Array.from(volume.voxels);
  const mask = new Uint8Array(voxels.length);
  const taken: Taken[] = existing.map(({ center, diameterMm }) => ({
    center: gridMm(survey, center),
    radius: (diameterMm ?? UNKNOWN_DIAMETER_MM) / 2,
  }));
  const nodules: InsertedNodule[] = [];
  for (let n = 0; n < requested; n++) {
    const nodule = insertOne(survey, chosen, n, taken, voxels, mask);
    if (nodule !== null) nodules.push(nodule);
  }
  if (requested > 0 && nodules.length === 0)
    throw new NoduleTrainError(
      'insert-scan',
      `${doing}: found no place for any of ${requested} nodules, expected lung of ${chosen.gap} mm around each. ` +
        'Ask for smaller nodules (--diameter), another --attachment or a smaller --gap.',
    );
  return { volume: { ...volume, voxels }, mask, nodules, requested };
}

type Chosen = ReturnType<typeof checkPhantomOptions<typeof insertSchema>>;

function insertOne(
  survey: ScanSurvey,
  { seed, level, kind: givenKind, attachment: givenAttachment, shape: givenShape, gap, ...chosen }: Chosen,
  n: number,
  taken: Taken[],
  voxels: Int16Array,
  mask: Uint8Array,
): InsertedNodule | null {
  // A stream for each nodule, so that what one needs does not change the next.
  const random = new Random(seed, n + 1);
  const parameters = levels[level];
  const [smallest, largest] = chosen.diameter ?? parameters.diameterMm;
  const pick = <Key extends string>(given: Key | 'mix', shares: Readonly<Record<Key, number>>): Key => {
    const drawn = random.pick(shares);
    return given === 'mix' ? drawn : given;
  };
  const kind: NoduleKind = pick(givenKind, parameters.kinds);
  const attachment: NoduleAttachment = pick(givenAttachment, parameters.attachments);
  const shape: InsertedShape = pick(givenShape, SHAPES);
  const density = randomDensity(kind, chosen.solidHu, chosen.glassHu, random);
  let radius = random.betweenLog(smallest, largest) / 2;
  const surface = drawSurface(shape, random);
  const marginMm = random.between(...MARGIN_MM[kind]);
  const pockets = { pocketHu: random.between(...chosen.pocketHu), pocketMm: random.between(...POCKET_MM) };
  const unitReach = farthest(surface);
  const glassHu = kind === 'ground-glass' ? density.hu : density.glassHu;
  const brightest = (kind === 'solid' ? density.hu : glassHu) - LEAST_CONTRAST_HU;
  let site = null;
  while (site === null) {
    const wanted = { attachment, radius, reach: unitReach * radius, brightest, gapMm: gap };
    site = findSite(survey, wanted, taken, random);
    if (site !== null || radius * 2 <= smallest) break;
    radius = Math.max(radius * 0.8, smallest / 2);
  }
  if (site === null) return null;
  const atWall = attachment === 'juxtapleural';
  const placed: NoduleShape = { ...surface, center: site.center, radius };
  // The chest wall cuts a nodule and bumps add to it; the diameter asked for is that of what remains.
  for (let pass = 0; pass < 3; pass++) {
    const now = diameterOf(volumeInLungs(survey, placed, unitReach * placed.radius, atWall));
    if (now > 0) placed.radius *= Math.min(1.3, (2 * radius) / now);
  }
  const reach = unitReach * placed.radius;
  const rendered = renderNodule(voxels, survey, {
    ...{ shape: placed, reach, core: density.core, lungHu: site.lungHu, atWall, glassHu, marginMm, ...pockets },
    solidHu: kind === 'ground-glass' ? TISSUE_HU : density.hu,
    key: scramble(scramble(seed) ^ Math.imul(n + 1, 0x9e3779b9)),
  });
  if (rendered.mask.length === 0) return null;
  for (const at of rendered.mask) mask[at] = 1;
  taken.push({ center: site.center, radius: reach });
  const { spacing, volume } = survey;
  const [x, y, z] = rendered.centroid;
  return {
    center: indexToWorld(volume, indexIRC(z / spacing[2], y / spacing[1], x / spacing[0])),
    diameterMm: diameterOf(rendered.volumeMm3),
    ...{ kind, attachment, shape, core: density.core, marginMm, ...pockets },
    voxels: rendered.mask.length,
    solidHu: kind === 'ground-glass' ? null : density.hu,
    glassHu: kind === 'solid' ? null : glassHu,
    lungHu: site.lungHu,
    noiseHu: rendered.noiseHu,
    touched: rendered.touched,
  };
}

const diameterOf = (volumeMm3: number): number => 2 * Math.cbrt((3 * volumeMm3) / (4 * Math.PI));

/** Largest radius of a shape of mean radius 1, over directions on a spiral around the sphere and its knobs. */
function farthest(shape: NoduleShape): number {
  const count = 400;
  const directions = Array.from({ length: count }, (_, k): Vector3 => {
    const z = 1 - (2 * k + 1) / count;
    const around = k * Math.PI * (3 - Math.sqrt(5));
    return [Math.sqrt(1 - z * z) * Math.cos(around), Math.sqrt(1 - z * z) * Math.sin(around), z];
  });
  for (const { direction } of shape.knobs ?? []) directions.push(direction);
  return Math.max(...directions.map(([x, y, z]) => radiusAlong(shape, x, y, z)));
}

/** Converts a point to mm from the centre of the first voxel, along the axes of the grid. */
function gridMm({ volume, spacing }: ScanSurvey, point: WorldLPS): Vector3 {
  const [i, r, c] = worldToIndex(volume, point);
  return [c * spacing[0], r * spacing[1], i * spacing[2]];
}
