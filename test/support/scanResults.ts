import type { Volume } from '../../dist/ct/index.js';
import type { ScanResult } from '../../dist/evaluate/segment/scanResult.js';
import type { Nodule, SliceLine } from '../../dist/model/index.js';

/** A nodule on one slice whose long axis runs along the row and whose short axis along the column, by its ends. */
export function nodule(
  number: number,
  over: Partial<Nodule> & { at?: readonly [number, number, number] } = {},
): Nodule {
  const { at = [1, 1, 1], ...rest } = over;
  const [slice, row, column] = at;
  const long: SliceLine = [
    [row, column - 0.5],
    [row, column + 1.5],
  ];
  const short: SliceLine = [
    [row - 0.5, column],
    [row + 0.5, column],
  ];
  return {
    number,
    score: 1 - number / 10,
    center: [0, 0, 0],
    centerIndex: [slice, row, column + 0.5],
    box: { low: [slice, row, column], high: [slice, row, column + 1] },
    voxels: 2,
    volumeMm3: 1234.5678901234567,
    longAxisMm: 12.25,
    shortAxisMm: 7.5,
    axes: { slice, long, short },
    diameter3dMm: 13,
    meanHu: -50.25,
    sdHu: 120.125,
    solidShare: 0.5,
    texture: 'part-solid',
    slices: { first: slice, last: slice, firstUid: null, lastUid: null },
    touchesPleura: false,
    ...rest,
  };
}

/** A result for writers: what was measured is made up. */
export function scanResult(scan: Volume, nodules: readonly Nodule[], over: Partial<ScanResult> = {}): ScanResult {
  return {
    scan,
    source: { path: 'scan' },
    nodules,
    regions: nodules.map(({ number, score }) => ({ number, score, positions: Int32Array.of(number) })),
    lungs: null,
    notes: [],
    provenance: {
      software: 'nodule-train',
      version: '0.14.0',
      libtorch: '2.11.0',
      device: 'cpu',
      models: [{ name: 'default', sha256: 'a'.repeat(64) }],
      operatingPoint: { threshold: 0.5, minimumVoxels: 8, minimumScore: 0 },
      options: {},
      key: 'b'.repeat(64),
      notice: 'Research use only, not a medical device',
    },
    ...over,
  };
}
