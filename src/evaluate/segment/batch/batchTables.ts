import { join } from 'node:path';
import { type Cell, csvText, replaceFile } from '../../../runtime/index.js';
import { luna16Csv, modelName } from '../resultTables.js';
import { rounded } from '../rounded.js';
import type { BatchScanEvent } from './batchEvents.js';

const COLUMNS = [
  'name',
  'series',
  'status',
  'nodules',
  'candidates',
  'largest_long_axis_mm',
  'total_volume_mm3',
  'model',
  'key',
  'notes',
  'error',
];

/** One row per scan; `error` is the code of a failure. */
function summaryCsv(scans: readonly BatchScanEvent[]): string {
  const rows = scans.map((scan): Cell[] => {
    if (scan.status === 'failed')
      return [scan.name, scan.series, 'failed', ...Array<null>(COLUMNS.length - 4).fill(null), scan.code];
    const { series, nodules, candidates, provenance, notes } = scan.result;
    const axes = nodules.map(({ longAxisMm }) => longAxisMm ?? 0);
    const volume = nodules.reduce((sum, { volumeMm3 }) => sum + (volumeMm3 ?? 0), 0);
    const largest = nodules.length === 0 ? null : Math.max(...axes);
    return [
      scan.name,
      series,
      'done',
      nodules.length,
      candidates,
      rounded(largest, 3),
      rounded(volume, 3),
      modelName(provenance),
      provenance.key,
      notes.length,
      null,
    ];
  });
  return csvText(COLUMNS, rows);
}

/** Writes the tables of a batch: `summary.csv`, and `luna16.csv` if `marks`. */
export async function writeBatchTables(out: string, scans: readonly BatchScanEvent[], marks: boolean): Promise<void> {
  await replaceFile(join(out, 'summary.csv'), summaryCsv(scans));
  if (!marks) return;
  const results = scans.flatMap((scan) => (scan.status === 'failed' ? [] : [scan.result]));
  await replaceFile(join(out, 'luna16.csv'), luna16Csv(results));
}
