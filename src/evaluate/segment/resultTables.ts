import type { Nodule } from '../../model/index.js';
import { type Cell, csvText } from '../../runtime/index.js';
import { rounded } from './rounded.js';
import type { Provenance } from './scanResult.js';

/** What the tables need of a result. */
export interface TableResult {
  series: string;
  nodules: readonly Nodule[];
  provenance: Provenance;
}

type Column = readonly [name: string, cell: (nodule: Nodule) => Cell];

const COLUMNS: readonly Column[] = [
  ['number', ({ number }) => number],
  ['score', ({ score }) => rounded(score, 6)],
  ['x_mm', ({ center }) => rounded(center?.[0] ?? null, 3)],
  ['y_mm', ({ center }) => rounded(center?.[1] ?? null, 3)],
  ['z_mm', ({ center }) => rounded(center?.[2] ?? null, 3)],
  ['slice', ({ centerIndex }) => rounded(centerIndex[0], 2)],
  ['row', ({ centerIndex }) => rounded(centerIndex[1], 2)],
  ['column', ({ centerIndex }) => rounded(centerIndex[2], 2)],
  ['first_slice', ({ box }) => box.low[0]],
  ['first_row', ({ box }) => box.low[1]],
  ['first_column', ({ box }) => box.low[2]],
  ['last_slice', ({ box }) => box.high[0]],
  ['last_row', ({ box }) => box.high[1]],
  ['last_column', ({ box }) => box.high[2]],
  ['voxels', ({ voxels }) => voxels],
  ['volume_mm3', ({ volumeMm3 }) => rounded(volumeMm3, 3)],
  ['long_axis_mm', ({ longAxisMm }) => rounded(longAxisMm, 3)],
  ['short_axis_mm', ({ shortAxisMm }) => rounded(shortAxisMm, 3)],
  ['diameter_3d_mm', ({ diameter3dMm }) => rounded(diameter3dMm, 3)],
  ['mean_hu', ({ meanHu }) => rounded(meanHu, 2)],
  ['sd_hu', ({ sdHu }) => rounded(sdHu, 2)],
  ['solid_share', ({ solidShare }) => rounded(solidShare, 4)],
  ['texture', ({ texture }) => texture],
  ['touches_pleura', ({ touchesPleura }) => touchesPleura],
  ['first_slice_uid', ({ slices }) => slices.firstUid],
  ['last_slice_uid', ({ slices }) => slices.lastUid],
];

/** The nodules of one scan as `nodules.csv`, with their provenance in the last columns. */
export function nodulesCsv({ series, nodules, provenance }: TableResult): string {
  const { software, version, models, key, notice } = provenance;
  const origin = [`${software} ${version}`, modelName(provenance), models.map(({ sha256 }) => sha256).join(' ')];
  return csvText(
    ['series', ...COLUMNS.map(([name]) => name), 'software', 'model', 'model_sha256', 'key', 'notice'],
    nodules.map((nodule) => [series, ...COLUMNS.map(([, cell]) => cell(nodule)), ...origin, key, notice]),
  );
}

/** Marks of several scans in the format of LUNA16's evaluation: LPS mm, one row per nodule. */
export function luna16Csv(results: readonly TableResult[]): string {
  return csvText(
    ['seriesuid', 'coordX', 'coordY', 'coordZ', 'probability'],
    results.flatMap(({ series, nodules }) =>
      nodules.map(({ center, score }) => [series, ...(center ?? []).map((mm) => rounded(mm, 4)), rounded(score, 8)]),
    ),
  );
}

/** Name of the model, or the names of an ensemble's members. */
export const modelName = ({ models }: Provenance): string => models.map(({ name }) => name).join(' + ');
