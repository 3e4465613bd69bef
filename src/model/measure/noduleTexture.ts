import { storedValue, type Volume } from '../../ct/index.js';
import { surfaceVoxels } from '../../score/index.js';
import type { NoduleTexture } from '../nodule.js';

/**
 * A voxel above this is solid. Scholten et al. 2015 (doi 10.1007/s00330-014-3427-z): -300 HU separates part-solid from
 * non-solid nodules as two radiologists do, with a sensitivity of 90 % and a specificity of 88 %.
 */
const SOLID_ABOVE_HU = -300;
/**
 * Least share of solid voxels of a part-solid nodule. Zheng et al. 2017 (doi 10.3779/j.issn.1009-3419.2017.05.07): the
 * best cut at -300 HU on 102 subsolid nodules is 6.14 %.
 */
const PART_SOLID_SHARE = 0.06;
/** Least share of solid voxels in the core of a solid nodule. */
const SOLID_CORE_SHARE = 0.75;
/** A smaller core says nothing. */
const LEAST_CORE_VOXELS = 8;
/** Least share of solid voxels of a solid nodule without such a core; its partly filled rim is most of it. */
const SOLID_SHARE = 0.5;

/** Share of solid voxels of a nodule and what follows from it. */
export interface TextureMeasure {
  /** Share of its voxels above -300 HU, 0…1. */
  solidShare: number;
  texture: NoduleTexture;
}

/**
 * Decides the texture of a nodule in HU.
 *
 * `non-solid` below 6 % solid voxels (above -300 HU). Else the core decides, the voxels with all six neighbours inside
 * the nodule: the rim of a solid nodule is partly lung and says nothing. `solid` if at least 75 % of the core is solid;
 * with a core of fewer than 8 voxels, if at least half of all voxels are. Else `part-solid`.
 * @param positions positions of the nodule's voxels in the scan's array, ascending, at least one
 */
export function noduleTexture(
  volume: Pick<Volume, 'voxels' | 'shape' | 'scale' | 'offset'>,
  positions: Int32Array,
): TextureMeasure {
  const cut = storedValue(volume, SOLID_ABOVE_HU);
  let solid = 0;
  for (const at of positions) if (volume.voxels[at]! > cut) solid++;
  const solidShare = solid / positions.length;
  if (solidShare < PART_SOLID_SHARE) return { solidShare, texture: 'non-solid' };
  const { core } = surfaceVoxels(positions, volume.shape);
  const share =
    core.length < LEAST_CORE_VOXELS ? null : core.filter((at) => volume.voxels[at]! > cut).length / core.length;
  const isSolid = share === null ? solidShare >= SOLID_SHARE : share >= SOLID_CORE_SHARE;
  return { solidShare, texture: isSolid ? 'solid' : 'part-solid' };
}
