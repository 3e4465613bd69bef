import { connectedComponents, knownSpacing, lungMask, storedValue, type Volume } from '../ct/index.js';
import { hits, type TrueNodule } from './matching.js';

/**
 * Density thresholds that the baseline chooses from: the lowest find ground glass, the highest separate nodules from
 * thin vessels.
 */
export const BASELINE_CUTS_HU = [-700, -600, -500, -400, -300, -200, -100] as const;

/** One bright component in the lungs. */
export interface BaselineCandidate {
  /** Diameter of the sphere of equal volume. */
  diameterMm: number;
  /** Indices of the nodules that it hits; empty for a false component. */
  nodules: readonly number[];
}

/** Candidates of the baseline in one scan, for each density threshold. */
export interface BaselineScan {
  nodules: number;
  candidates: ReadonlyMap<number, readonly BaselineCandidate[]>;
}

/** The best result of the baseline, with its threshold and sizes. */
export interface BaselinePoint {
  found: number;
  nodules: number;
  /** found / nodules; null without nodules. */
  sensitivity: number | null;
  falsePerScan: number;
  cutHu: number;
  /** Smallest and largest component that is kept. */
  diameterMm: readonly [least: number, most: number];
}

/**
 * Finds nodules without learning: the 26-connected components of voxels above a density threshold inside the lung mask.
 * {@link baselineAt} later chooses the sizes. Hits follow the same rule as in `scoreScan`.
 * @throws NoduleTrainError `spacing-unknown`
 */
export function baselineCandidates(volume: Volume, nodules: readonly TrueNodule[]): BaselineScan {
  const spacing = knownSpacing(volume, 'finding nodules by a threshold');
  const voxelMm3 = spacing[0] * spacing[1] * spacing[2];
  const lungs = lungMask(volume);
  const candidates = new Map<number, BaselineCandidate[]>();
  const bright = new Uint8Array(lungs.length);
  for (const cutHu of BASELINE_CUTS_HU) {
    const cut = storedValue(volume, cutHu);
    for (let at = 0; at < bright.length; at++) bright[at] = lungs[at]! && volume.voxels[at]! > cut ? 1 : 0;
    const found = connectedComponents(bright, volume.shape, 26).components.map((component) => ({
      diameterMm: 2 * Math.cbrt((3 * component.voxels * voxelMm3) / (4 * Math.PI)),
      nodules: [...nodules.keys()].filter((n) => hits(component, nodules[n]!, spacing)),
    }));
    candidates.set(cutHu, found);
  }
  return { nodules: nodules.length, candidates };
}

const SMALLEST_MM = Array.from({ length: 37 }, (_, n) => 2 + n / 2);
const LARGEST_MM = [8, 10, 12, 15, 18, 20, 25, 30, 40, Number.POSITIVE_INFINITY];

/**
 * Finds the best result of the baseline on these scans with at most `falsePerScan` false components per scan. Chooses
 * threshold, smallest and largest size on the scored scans themselves, which favours the baseline. The fallback finds
 * nothing, with nothing false.
 */
export function baselineAt(scans: readonly BaselineScan[], falsePerScan: number): BaselinePoint {
  const nodules = scans.reduce((sum, scan) => sum + scan.nodules, 0);
  let best: BaselinePoint = { ...scored(0), cutHu: BASELINE_CUTS_HU[0], falsePerScan: 0, diameterMm: [0, 0] };
  for (const cutHu of BASELINE_CUTS_HU) {
    for (const least of SMALLEST_MM) {
      for (const most of LARGEST_MM) {
        const { found, wrong } = count(scans, cutHu, least, most);
        const rate = scans.length === 0 ? 0 : wrong / scans.length;
        if (rate > falsePerScan) continue;
        if (found < best.found || (found === best.found && (found === 0 || rate >= best.falsePerScan))) continue;
        best = { ...scored(found), cutHu, falsePerScan: rate, diameterMm: [least, most] };
      }
    }
  }
  return best;

  function scored(found: number) {
    return { found, nodules, sensitivity: nodules === 0 ? null : found / nodules };
  }
}

function count(scans: readonly BaselineScan[], cutHu: number, least: number, most: number) {
  let found = 0;
  let wrong = 0;
  for (const { candidates } of scans) {
    const hit = new Set<number>();
    for (const { diameterMm, nodules } of candidates.get(cutHu) ?? []) {
      if (diameterMm < least || diameterMm > most) continue;
      if (nodules.length === 0) wrong++;
      for (const nodule of nodules) hit.add(nodule);
    }
    found += hit.size;
  }
  return { found, wrong };
}
