import type { Shape3, Vector3 } from '../ct/index.js';
import type { Candidate, Candidates } from './candidates.js';
import type { MatchedScan } from './matching.js';
import { type NoduleMetrics, noduleMetrics } from './measure/noduleMetrics.js';

/** A true nodule beside what is predicted for it. */
export interface NoduleComparison {
  /** Positions of its true voxels in the scan's array, ascending. */
  truth: Int32Array;
  /**
   * Place of the best-scored candidate that hits it among all candidates of the scan by descending score, from 1,
   * before the operating point drops any; null if none hits it.
   */
  rank: number | null;
  /** The same among all candidates by descending number of voxels, the order in which the book's figures are given. */
  rankBySize: number | null;
  metrics: NoduleMetrics;
}

/** A scan's candidates with their relation to its nodules. */
interface ScanToCompare {
  shape: Shape3;
  spacing: Vector3 | null;
  candidates: Candidates;
  matched: MatchedScan;
  /** True voxels of each nodule, ascending. */
  truth: readonly Int32Array[];
  /** The case is a crop around its only nodule, so all that is predicted belongs to it. */
  oneNodule: boolean;
}

/** Compares every true nodule of a scan with the kept candidates that touch it. */
export function compareNodules(scan: ScanToCompare, keep: (candidate: Candidate) => boolean): NoduleComparison[] {
  const { candidates, matched, oneNodule, shape, spacing } = scan;
  const ranks = ranksBy(candidates.components, (a, b) => b.score - a.score || b.voxels - a.voxels);
  const sizeRanks = ranksBy(candidates.components, (a, b) => b.voxels - a.voxels || b.score - a.score);
  return scan.truth.map((truth, n) => {
    const touching = matched.components.filter(({ shared }) => oneNodule || shared.has(n));
    const kept = touching.map(({ label }) => candidates.components[label - 1]!).filter(keep);
    const hitting = matched.components.filter(
      ({ hits, shared }) => hits.includes(n) || (oneNodule && shared.has(n) && truth.length > 0),
    );
    const best = (own: Int32Array) =>
      hitting.length === 0 ? null : Math.min(...hitting.map(({ label }) => own[label - 1]!));
    return {
      truth,
      rank: best(ranks),
      rankBySize: best(sizeRanks),
      metrics: noduleMetrics(voxelsOf(candidates.labels, kept, shape), truth, shape, spacing),
    };
  });
}

/** Rank of each candidate, from 1, in an order; the first one in the scan first among equals. */
function ranksBy(components: readonly Candidate[], order: (a: Candidate, b: Candidate) => number): Int32Array {
  const ranks = new Int32Array(components.length);
  const sorted = [...components.keys()].sort((a, b) => order(components[a]!, components[b]!) || a - b);
  for (const [place, n] of sorted.entries()) ranks[n] = place + 1;
  return ranks;
}

/** Positions of all voxels of some candidates, ascending. */
function voxelsOf(labels: Int32Array, chosen: readonly Candidate[], [, rows, columns]: Shape3): Int32Array {
  const positions = new Int32Array(chosen.reduce((sum, { voxels }) => sum + voxels, 0));
  let next = 0;
  for (const { label, low, high } of chosen) {
    for (let i = low[0]; i <= high[0]; i++) {
      for (let r = low[1]; r <= high[1]; r++) {
        const line = (i * rows + r) * columns;
        for (let at = line + low[2]; at <= line + high[2]; at++) if (labels[at] === label) positions[next++] = at;
      }
    }
  }
  return positions.sort();
}
