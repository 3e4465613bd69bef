import { connectedComponents, type Index3, indexIRC, indexToWorld, type Volume } from '../../dist/ct/index.js';
import { NOTICE, type ScanResult } from '../../dist/evaluate/segment/scanResult.js';
import type { Nodule, NoduleRegion, SliceLine } from '../../dist/model/index.js';

/**
 * Builds the result of a segmented scan from a mask `[slices, rows, columns]`: a nodule for each 26-connected
 * component, the largest with the highest score. The axes are those of the box; tests of the pages need no more.
 */
export function buildScanResult(scan: Volume, mask: ArrayLike<number>, changes: Partial<ScanResult> = {}): ScanResult {
  const { labels, components } = connectedComponents(mask, scan.shape, 26);
  const sorted = [...components].sort((a, b) => b.voxels - a.voxels);
  const positions = new Map(sorted.map(({ label }) => [label, [] as number[]]));
  for (let at = 0; at < labels.length; at++) if (labels[at] !== 0) positions.get(labels[at]!)!.push(at);
  const regions = sorted.map(
    ({ label }, n): NoduleRegion => ({
      number: n + 1,
      score: 0.96 / (1 + 0.08 * n),
      positions: Int32Array.from(positions.get(label)!),
    }),
  );
  const nodules = sorted.map(({ low, high, centerIRC }, n) => describe(scan, regions[n]!, low, high, centerIRC));
  return {
    scan,
    source: { path: '/scans/somewhere/scan.mhd' },
    nodules,
    regions,
    lungs: null,
    notes: [],
    provenance: {
      software: 'nodule-train',
      version: '0.1.0',
      libtorch: '2.11.0',
      device: 'cpu',
      models: [{ name: 'default', sha256: 'ab'.repeat(32) }],
      operatingPoint: { threshold: 0.5, minimumVoxels: 10, minimumScore: 0.6 },
      options: { region: 'lungs', flips: false },
      key: 'cd'.repeat(32),
      notice: NOTICE,
    },
    ...changes,
  };
}

function describe(
  scan: Volume,
  { number, score, positions }: NoduleRegion,
  low: Index3,
  high: Index3,
  center: Index3,
): Nodule {
  const [sx, sy, sz] = scan.spacing ?? [null, null, null];
  const known = sx !== null && sy !== null && sz !== null;
  const values = Float64Array.from(positions, (at) => scan.voxels[at]! * scan.scale + scan.offset);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const solid = values.filter((value) => value > -350).length / values.length;
  const slice = (low[0] + high[0]) >> 1;
  const [row, column] = [(low[1] + high[1]) >> 1, (low[2] + high[2]) >> 1];
  const across: SliceLine = [
    [row, low[2]],
    [row, high[2]],
  ];
  const down: SliceLine = [
    [low[1], column],
    [high[1], column],
  ];
  const [wide, tall, deep] = [high[2] - low[2] + 1, high[1] - low[1] + 1, high[0] - low[0] + 1];
  const [x, y, z] = known ? [wide * sx, tall * sy, deep * sz] : [wide, tall, deep];
  const isWide = x >= y;
  const hu = scan.intensity === 'hu';
  return {
    number,
    score,
    center: known ? indexToWorld(scan, indexIRC(...center)) : null,
    centerIndex: center,
    box: { low, high },
    voxels: positions.length,
    volumeMm3: known ? positions.length * sx * sy * sz : null,
    longAxisMm: known ? Math.max(x, y) : null,
    shortAxisMm: known ? Math.min(x, y) : null,
    axes: isWide ? { slice, long: across, short: down } : { slice, long: down, short: across },
    diameter3dMm: known ? Math.max(x, y, z) : null,
    meanHu: hu ? mean : null,
    sdHu: hu ? sd : null,
    solidShare: hu ? solid : null,
    texture: hu ? (solid > 0.8 ? 'solid' : solid < 0.2 ? 'non-solid' : 'part-solid') : null,
    slices: {
      first: low[0],
      last: high[0],
      firstUid: scan.sliceUids?.[low[0]] ?? null,
      lastUid: scan.sliceUids?.[high[0]] ?? null,
    },
    touchesPleura: known ? number % 3 === 0 : null,
  };
}
