import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type WorldLPS, worldLPS } from '../../ct/index.js';
import { type Annotation, readAnnotations } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';

/** Names of LUNA16's list of candidates; the newer one first, because it replaces the older. */
const CANDIDATE_LISTS = ['candidates_V2.csv', 'candidates.csv'];

/**
 * Reads class 0 of LUNA16's list of candidates, by series: false positives of detectors, in LPS mm. Empty without a
 * list. Keeps only `uids`, because the list names 888 series.
 * @throws NoduleTrainError `candidates` if a line is not seriesuid,coordX,coordY,coordZ,class
 */
export async function readCandidates(dir: string, uids: ReadonlySet<string>): Promise<Map<string, WorldLPS[]>> {
  const name = CANDIDATE_LISTS.find((list) => existsSync(join(dir, list)));
  const found = new Map<string, WorldLPS[]>();
  if (name === undefined) return found;
  const path = join(dir, name);
  const fault = (line: number, what: string, cause?: unknown) =>
    new NoduleTrainError(
      'candidates',
      `reading the candidates ${path}, line ${line}: ${what}, expected LUNA16's ` +
        '"seriesuid,coordX,coordY,coordZ,class" with numbers and class 0 or 1',
      { cause },
    );
  let header: string[] | null = null;
  const take = (record: string[], { lines }: { lines: number }): null => {
    if (header === null) {
      header = record;
      if (['seriesuid', 'coordX', 'coordY', 'coordZ', 'class'].some((column, at) => header?.[at] !== column))
        throw fault(lines, `the header is "${record.join(',')}"`);
      return null;
    }
    const [uid, x, y, z, kind] = record as [string, string, string, string, string];
    if (kind !== '0' && kind !== '1') throw fault(lines, `class is "${kind}"`);
    if (kind === '1' || !uids.has(uid)) return null;
    const place = [x, y, z].map((text) => (text === '' ? Number.NaN : Number(text))) as [number, number, number];
    if (!place.every(Number.isFinite)) throw fault(lines, `the point is "${x},${y},${z}"`);
    const points = found.get(uid);
    if (points === undefined) found.set(uid, [worldLPS(...place)]);
    else points.push(worldLPS(...place));
    return null;
  };
  try {
    parse(await readFile(path), { bom: true, trim: true, skip_empty_lines: true, onRecord: take, on_record: take });
  } catch (cause) {
    if (cause instanceof NoduleTrainError) throw cause;
    throw fault((cause as { lines?: number }).lines ?? 0, (cause as Error).message, cause);
  }
  return found;
}

/**
 * Reads LUNA16's excluded findings, which are neither nodules to find nor false positives, by series; empty without
 * `annotations_excluded.csv`.
 * @throws NoduleTrainError what `readAnnotations` throws
 */
export async function readExcluded(dir: string): Promise<Map<string, Annotation[]>> {
  const path = join(dir, 'annotations_excluded.csv');
  return existsSync(path) ? groupBySeries(await readAnnotations(path)) : new Map();
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
