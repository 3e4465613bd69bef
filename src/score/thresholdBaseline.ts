import { connectedComponents, knownSpacing, lungMask, storedValue, type Volume } from '../ct/index.js';
import { hits, type TrueNodule } from './matching.js';

/** Cuts that the baseline may choose from: the first ones see ground glass, the last ones part nodules from thin vessels. */
export const BASELINE_CUTS_HU = [-700, -600, -500, -400, -300, -200, -100] as const;

/** One bright component in the lungs. */
export interface BaselineCandidate {
  /** Of the sphere of equal volume. */
  diameterMm: number;
  /** Indices of the nodules that it finds; none: it is false. */
  nodules: readonly number[];
}

/** What the baseline sees in one scan, for each cut. */
export interface BaselineScan {
  nodules: number;
  candidates: ReadonlyMap<number, readonly BaselineCandidate[]>;
}

export interface BaselinePoint {
  found: number;
  nodules: number;
  /** found / nodules; null without nodules. */
  sensitivity: number | null;
  falsePerScan: number;
  cutHu: number;
  /** Components of sizes outside are dropped. */
  diameterMm: readonly [least: number, most: number];
}

/**
 * Finds nodules without learning: voxels above a cut within the lung mask, and their 26-connected components. Sizes stay open until
 * {@link baselineAt} picks them. Hits are judged as in `scoreScan`. Throws 'spacing-unknown'.
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
 * The best that the baseline can do on these scans with at most `falsePerScan` false components a scan: cut, smallest and largest
 * size are chosen on the very scans that are scored, which favours it. Finding nothing, with nothing false, is always possible.
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
