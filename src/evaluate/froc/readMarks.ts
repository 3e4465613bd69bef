import { readFile } from 'node:fs/promises';
import { worldLPS } from '../../ct/index.js';
import { coordinateColumn, readTable, SERIES_NAMES, type TableFormat } from '../../labels/index.js';
import { decodeText, NoduleTrainError } from '../../runtime/index.js';
import type { FrocMark } from '../../score/index.js';

/** A mark with the UID of its series. */
export interface SeriesMark extends FrocMark {
  readonly uid: string;
}

const MARKS = {
  doing: 'reading the marks',
  columns: {
    seriesuid: { aliases: SERIES_NAMES },
    coordX: coordinateColumn('x'),
    coordY: coordinateColumn('y'),
    coordZ: coordinateColumn('z'),
    probability: { aliases: ['score', 'confidence', 'prob', 'p'] },
  },
  expected: 'LUNA16\'s header "seriesuid,coordX,coordY,coordZ,probability"',
  codes: { missing: 'marks-missing', header: 'marks-header', line: 'marks-line' },
  comments: true,
} as const satisfies TableFormat<string>;

/**
 * Reads a detector's marks in LUNA16's layout: `seriesuid,coordX,coordY,coordZ,probability` in any order. Ignores other
 * columns, and lines that begin with `#`.
 * @throws NoduleTrainError `marks-missing`, `marks-header` or `marks-line`, naming file, line and column
 */
export async function readMarks(csvPath: string): Promise<SeriesMark[]> {
  const marks: SeriesMark[] = [];
  await readTable(csvPath, MARKS, (row) => {
    const uid = row.text('seriesuid');
    if (uid === '') throw row.fault('seriesuid', 'the UID of a series');
    marks.push({
      uid,
      center: worldLPS(row.number('coordX'), row.number('coordY'), row.number('coordZ')),
      probability: row.number('probability'),
    });
  });
  return marks;
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
  const bytes = await readFile(csvPath).catch((cause: NodeJS.ErrnoException) =>
    refuse(cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`, cause),
  );
  const lines = new Map<string, number>();
  for (const [n, text] of decodeText(bytes)
    .text.split(/\r\n|\n|\r/)
    .entries()) {
    const line = n + 1;
    // Separators at the end are those of a spreadsheet's empty columns.
    const fields = text.replace(/[,;\t\s]+$/, '').split(/[,;\t]/);
    const uid = fields[0]!.trim().replace(/^"(.*)"$/, '$1');
    if (uid === '' || uid.startsWith('#')) continue;
    if (fields.length > 1) refuse(`line ${line} has ${fields.length} fields`);
    if (lines.size === 0 && SERIES_NAMES.includes(uid.toLowerCase().replace(/[\s_]/g, ''))) continue;
    const other = lines.get(uid);
    if (other !== undefined) refuse(`${uid} is on line ${other} and on line ${line}`);
    lines.set(uid, line);
  }
  if (lines.size === 0) refuse('no series');
  return [...lines.keys()];
}
