import { candidateVoxels, isNodule, type OperatingPoint, type StreamedCandidates } from '../../score/index.js';
import type { NoduleRegion } from '../nodule.js';

/**
 * Picks the candidates that an operating point keeps, the most confident first (the larger one among equals), with
 * their voxels.
 * @param columns of a slice
 */
export function noduleRegions(found: StreamedCandidates, columns: number, point: OperatingPoint): NoduleRegion[] {
  const kept = found.components
    .filter((candidate) => isNodule(candidate, point))
    .sort((a, b) => b.score - a.score || b.voxels - a.voxels);
  const voxels = candidateVoxels(found, columns, kept);
  return kept.map(({ label, score }, rank) => ({ number: rank + 1, score, positions: voxels.get(label)! }));
}
