import { type WorldLPS, worldLPS } from '../../ct/index.js';
import {
  type Annotation,
  coordinateColumn,
  readAnnotations,
  readTable,
  SERIES_NAMES,
  type TableFormat,
} from '../../labels/index.js';
import { findPath } from './listDataFolder.js';

/** Names of LUNA16's list of candidates; the newer one first, because it replaces the older. */
const CANDIDATE_LISTS = ['candidates_V2.csv', 'candidates.csv'];

const CANDIDATES = {
  doing: 'reading the candidates',
  columns: {
    seriesuid: { aliases: SERIES_NAMES },
    coordX: coordinateColumn('x'),
    coordY: coordinateColumn('y'),
    coordZ: coordinateColumn('z'),
    class: {},
  },
  expected: 'LUNA16\'s "seriesuid,coordX,coordY,coordZ,class" with numbers and class 0 or 1',
  codes: { missing: 'candidates', header: 'candidates', line: 'candidates' },
} as const satisfies TableFormat<string>;

/**
 * Reads class 0 of LUNA16's list of candidates, by series: false positives of detectors, in LPS mm. Empty without a
 * list. Keeps only `uids`, because the list names 888 series.
 * @throws NoduleTrainError `candidates` if a line is not seriesuid,coordX,coordY,coordZ,class
 */
export async function readCandidates(dir: string, uids: ReadonlySet<string>): Promise<Map<string, WorldLPS[]>> {
  const path = await findPath(dir, ...CANDIDATE_LISTS);
  const found = new Map<string, WorldLPS[]>();
  if (path === null) return found;
  await readTable(path, CANDIDATES, (row) => {
    const kind = row.text('class');
    if (kind !== '0' && kind !== '1') throw row.fault('class', '0 or 1');
    const uid = row.text('seriesuid');
    if (kind === '1' || !uids.has(uid)) return;
    const point = worldLPS(row.number('coordX'), row.number('coordY'), row.number('coordZ'));
    const points = found.get(uid);
    if (points === undefined) found.set(uid, [point]);
    else points.push(point);
  });
  return found;
}

/**
 * Reads LUNA16's excluded findings, which are neither nodules to find nor false positives, by series; empty without
 * `annotations_excluded.csv`.
 * @throws NoduleTrainError what `readAnnotations` throws
 */
export async function readExcluded(dir: string): Promise<Map<string, Annotation[]>> {
  const path = await findPath(dir, 'annotations_excluded.csv');
  return path !== null ? groupBySeries(await readAnnotations(path)) : new Map();
}

/** Groups annotations by the UID of their series. */
export function groupBySeries(annotations: readonly Annotation[]): Map<string, Annotation[]> {
  const found = new Map<string, Annotation[]>();
  for (const annotation of annotations) {
    const own = found.get(annotation.uid);
    if (own === undefined) found.set(annotation.uid, [annotation]);
    else own.push(annotation);
  }
  return found;
}
