// The result of a segmented scan without a network, for tests and scripts/figures.
import { connectedComponents } from '../../dist/ct/index.js';
import { NOTICE } from '../../dist/evaluate/segment/scanResult.js';
import { measureNodules } from '../../dist/model/index.js';

/** @typedef {import('../../dist/evaluate/segment/scanResult.js').ScanResult} ScanResult */

/**
 * Builds the result that a perfect network would give: a nodule for each 26-connected component of a mask, the largest
 * with the highest score.
 * @param {import('../../dist/ct/index.js').Volume} scan
 * @param {ArrayLike<number>} mask `[slices, rows, columns]`
 * @param {Partial<ScanResult>} [changes] replaces any part of the result
 * @returns {ScanResult}
 */
export function buildScanResult(scan, mask, changes = {}) {
  const { labels, components } = connectedComponents(mask, scan.shape, 26);
  const sorted = [...components].sort((a, b) => b.voxels - a.voxels);
  const placed = new Map(sorted.map(({ label, voxels }) => [label, { positions: new Int32Array(voxels), filled: 0 }]));
  for (const [at, label] of labels.entries()) {
    const region = placed.get(label);
    if (region !== undefined) region.positions[region.filled++] = at;
  }
  const regions = [...placed.values()].map(({ positions }, n) => ({
    number: n + 1,
    score: 0.96 / (1 + 0.08 * n),
    positions,
  }));
  return {
    scan,
    source: { path: '/scans/somewhere/scan.mhd' },
    nodules: measureNodules(scan, regions, changes.lungs ?? null),
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
