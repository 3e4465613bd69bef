import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type WorldLPS, worldLPS } from '../../ct/index.js';
import { type Annotation, readAnnotations } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';

/** The newer list comes first: it replaces the older. */
const candidateLists = ['candidates_V2.csv', 'candidates.csv'];

/**
 * Class 0 of LUNA16's list of candidates, by series: what detectors marked and no reader did. Empty without a list.
 * Only the series `wanted` are kept, as the list names 888.
 * @throws NoduleTrainError `candidates` where a line is not seriesuid,coordX,coordY,coordZ,class
 */
export async function readCandidates(dir: string, wanted: ReadonlySet<string>): Promise<Map<string, WorldLPS[]>> {
  const name = candidateLists.find((list) => existsSync(join(dir, list)));
  const found = new Map<string, WorldLPS[]>();
  if (name === undefined) return found;
  const path = join(dir, name);
  const fail = (line: number, what: string, cause?: unknown) =>
    new NoduleTrainError(
      'candidates',
      `reading the candidates ${path}, line ${line}: ${what}; wanted is LUNA16's "seriesuid,coordX,coordY,coordZ,class" with class 0 or 1`,
      { cause },
    );
  let header: string[] | null = null;
  const take = (record: string[], { lines }: { lines: number }): null => {
    if (header === null) {
      header = record;
      if (['seriesuid', 'coordX', 'coordY', 'coordZ', 'class'].some((column, at) => header?.[at] !== column))
        throw fail(lines, `the header is "${record.join(',')}"`);
      return null;
    }
    const [uid, x, y, z, kind] = record as [string, string, string, string, string];
    if (kind !== '0' && kind !== '1') throw fail(lines, `class is "${kind}"`);
    if (kind === '1' || !wanted.has(uid)) return null;
    const place = [x, y, z].map((text) => (text === '' ? Number.NaN : Number(text))) as [number, number, number];
    if (!place.every(Number.isFinite)) throw fail(lines, `the place is "${x},${y},${z}"`);
    const points = found.get(uid);
    if (points === undefined) found.set(uid, [worldLPS(...place)]);
    else points.push(worldLPS(...place));
    return null;
  };
  try {
    parse(await readFile(path), { bom: true, trim: true, skip_empty_lines: true, onRecord: take, on_record: take });
  } catch (cause) {
    if (cause instanceof NoduleTrainError) throw cause;
    throw fail((cause as { lines?: number }).lines ?? 0, (cause as Error).message, cause);
  }
  return found;
}

/** LUNA16's findings that are neither wanted nor false, by series: empty without `annotations_excluded.csv`. */
export async function readExcluded(dir: string): Promise<Map<string, Annotation[]>> {
  const path = join(dir, 'annotations_excluded.csv');
  return existsSync(path) ? bySeries(await readAnnotations(path)) : new Map();
}

function bySeries(annotations: readonly Annotation[]): Map<string, Annotation[]> {
  const found = new Map<string, Annotation[]>();
  for (const annotation of annotations) found.set(annotation.uid, [...(found.get(annotation.uid) ?? []), annotation]);
  return found;
}
