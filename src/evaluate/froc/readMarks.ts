import { readFile } from 'node:fs/promises';
import { type CsvError, parse } from 'csv-parse/sync';
import { worldLPS } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { FrocMark } from '../../score/index.js';

/** A mark with the UID of its series. */
export interface SeriesMark extends FrocMark {
  readonly uid: string;
}

const COLUMNS = ['seriesuid', 'coordX', 'coordY', 'coordZ', 'probability'] as const;

/**
 * Reads a detector's marks in LUNA16's layout: `seriesuid,coordX,coordY,coordZ,probability` in any order. Ignores other
 * columns, and lines that begin with `#`.
 * @throws NoduleTrainError `marks-missing`, `marks-header` or `marks-line`, naming file, line and column
 */
export async function readMarks(csvPath: string): Promise<SeriesMark[]> {
  const text = await readText(`reading the marks ${csvPath}`, 'marks-missing', csvPath);
  // Read as plain lists, because a batch of scans has a hundred thousand marks.
  const rows = parseLines(text, (line, found, cause) => {
    throw new NoduleTrainError('marks-line', `reading the marks ${csvPath}, line ${line}: ${found}`, { cause });
  });
  const header = rows[0]?.record ?? [];
  const places = COLUMNS.map((name) => header.indexOf(name));
  const missing = COLUMNS.filter((_, n) => places[n] === -1);
  if (missing.length > 0)
    throw new NoduleTrainError(
      'marks-header',
      `reading the marks ${csvPath}, line ${rows[0]?.info.lines ?? 1}: found "${header.join(',')}" without ` +
        `${missing.join(', ')}, expected LUNA16's header "${COLUMNS.join(',')}"`,
    );
  return rows.slice(1).map(({ record, info: { lines } }) => {
    const fail = (n: number, expected: string): never => {
      throw new NoduleTrainError(
        'marks-line',
        `reading the marks ${csvPath}, line ${lines}: ${COLUMNS[n]} is "${record[places[n]!]}", expected ${expected}`,
      );
    };
    const number = (n: number): number => {
      const field = record[places[n]!]!;
      const value = field === '' ? Number.NaN : Number(field);
      return Number.isFinite(value) ? value : fail(n, 'a number');
    };
    return {
      uid: record[places[0]!] || fail(0, 'the UID of a series'),
      center: worldLPS(number(1), number(2), number(3)),
      probability: number(4),
    };
  });
}

/**
 * Reads a list of series, one UID per line, as LUNA16's `seriesuids.csv`; the header `seriesuid` may be there.
 * @throws NoduleTrainError `series-list` (no such file, no series, a line with several fields, or a series twice)
 */
export async function readSeriesUids(csvPath: string): Promise<string[]> {
  const refuse = (found: string, cause?: unknown): never => {
    throw new NoduleTrainError(
      'series-list',
      `reading the list of series ${csvPath}: ${found}, expected one series UID per line, each series once`,
      { cause },
    );
  };
  const text = await readText(`reading the list of series ${csvPath}`, 'series-list', csvPath);
  const rows = parseLines(text, (line, found, cause) => refuse(`line ${line}: ${found}`, cause));
  const lines = new Map<string, number>();
  for (const [n, { record, info }] of rows.entries()) {
    const [uid, ...others] = record as [string, ...string[]];
    if (others.length > 0) refuse(`line ${info.lines} has ${record.length} fields`);
    if (n === 0 && uid.toLowerCase() === 'seriesuid') continue;
    const other = lines.get(uid);
    if (other !== undefined) refuse(`${uid} is on line ${other} and on line ${info.lines}`);
    lines.set(uid, info.lines);
  }
  if (lines.size === 0) refuse('no series');
  return [...lines.keys()];
}

const readText = (doing: string, code: string, path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`;
    throw new NoduleTrainError(code, `${doing}: ${found}. Give the path of a CSV file.`, { cause });
  });

interface Line {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parseLines(text: string, refuse: (line: number | string, found: string, cause: unknown) => never): Line[] {
  try {
    return parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      comment: '#',
      comment_no_infix: true,
      info: true,
    }) as unknown as Line[];
  } catch (cause) {
    const { lines, message } = cause as CsvError & { lines?: number };
    return refuse(lines ?? '?', message, cause);
  }
}
