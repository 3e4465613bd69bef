import { connectedComponents, type Index3, type Vector3, type Volume } from '../../ct/index.js';
import { type AuditFlag, type NoduleToAudit, tolerances } from './auditTypes.js';
import { round } from './maskChecks.js';
import { boxesMeet, forEachVoxel } from './noduleVoxels.js';

/** Distance of two annotated points in mm; null if the spacing is unknown. */
const distanceMm = (a: NoduleToAudit, b: NoduleToAudit, spacing: Vector3 | null): number | null =>
  spacing === null ? null : Math.hypot(...a.centerLps.map((place, axis) => place - b.centerLps[axis]!));

/**
 * Whether two annotations mean the same nodule: their distance is within the tolerance or the smaller radius. With
 * unknown spacing: they share a voxel.
 */
export function sameNodule(a: NoduleToAudit, b: NoduleToAudit, spacing: Vector3 | null): boolean {
  const mm = distanceMm(a, b, spacing);
  if (mm === null) return a.center.every((place, axis) => place === b.center[axis]);
  const smaller = Math.min(a.diameterMm ?? 0, b.diameterMm ?? 0);
  return mm <= Math.max(tolerances.duplicateMm, smaller / 2);
}

/**
 * Flags pairs of annotations of one nodule, and other pairs with connected masks; each pair once, at its first nodule.
 */
export function pairChecks(
  volume: Volume,
  nodules: readonly NoduleToAudit[],
  voxels: readonly (readonly number[])[],
): AuditFlag[] {
  const flags: AuditFlag[] = [];
  for (const [nodule, a] of nodules.entries()) {
    for (const [other, b] of nodules.entries()) {
      if (other <= nodule) continue;
      const mm = distanceMm(a, b, volume.spacing);
      const apart = mm === null ? 'in the same voxel' : `${mm.toFixed(1)} mm apart`;
      const figures: AuditFlag['figures'] = mm === null ? {} : { distanceMm: round(mm) };
      const pair = { severity: 'warning' as const, nodule, other, figures };
      if (sameNodule(a, b, volume.spacing)) {
        const message = `Nodules ${nodule + 1} and ${other + 1} are annotated ${apart}: one may be a duplicate.`;
        flags.push({ ...pair, check: 'duplicate', message });
      } else if (boxesMeet(a.box, b.box) && joined(volume, a, b, voxels[nodule]!, voxels[other]!)) {
        const message = `The masks of nodules ${nodule + 1} and ${other + 1} are connected; their points are ${apart}.`;
        flags.push({ ...pair, check: 'overlapping', message });
      }
    }
  }
  return flags;
}

/** Whether a 26-connected component of both masks together contains voxels of each. */
function joined(
  { shape }: Volume,
  a: NoduleToAudit,
  b: NoduleToAudit,
  own: readonly number[],
  others: readonly number[],
): boolean {
  const low = a.box.low.map((place, axis) => Math.max(0, Math.min(place, b.box.low[axis]!))) as unknown as Index3;
  const high = a.box.high.map((place, axis) =>
    Math.min(shape[axis]! - 1, Math.max(place, b.box.high[axis]!)),
  ) as unknown as Index3;
  const size = [0, 1, 2].map((axis) => Math.max(0, high[axis]! - low[axis]! + 1)) as unknown as Index3;
  const [first, second] = [new Set(own), new Set(others)];
  const both = new Uint8Array(size[0] * size[1] * size[2]);
  const owner = new Uint8Array(both.length);
  let next = 0;
  forEachVoxel(shape, low, high, (at) => {
    owner[next] = first.has(at) ? 1 : second.has(at) ? 2 : 0;
    both[next] = owner[next]! > 0 ? 1 : 0;
    next++;
  });
  const { labels, components } = connectedComponents(both, size, 26);
  const seen = new Uint8Array(components.length + 1);
  for (let at = 0; at < labels.length; at++) seen[labels[at]!]! |= owner[at]!;
  return seen.includes(3);
}
