import { readFile } from 'node:fs/promises';
import { type CsvError, parse } from 'csv-parse/sync';
import { type WorldLPS, worldLPS } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';

/** One nodule, read from a line of LUNA16's `annotations.csv`. */
export interface Annotation {
  /** UID of its series. */
  readonly uid: string;
  readonly center: WorldLPS;
  /** Null if unknown: no such column, an empty field, or -1, which LUNA16 writes for excluded findings. */
  readonly diameterMm: number | null;
  readonly malignant?: boolean;
  /** Corners of the box around the readers' contours, if the file has them. */
  readonly box?: { readonly low: WorldLPS; readonly high: WorldLPS };
  /** Line of the file, from 1; 0 if no list names the nodule. */
  readonly line: number;
}

interface Row {
  readonly record: Record<string, string>;
  readonly info: { readonly lines: number };
}

const POINT_COLUMNS = ['coordX', 'coordY', 'coordZ'] as const;
const LOW_COLUMNS = ['bboxLowX', 'bboxLowY', 'bboxLowZ'] as const;
const HIGH_COLUMNS = ['bboxHighX', 'bboxHighY', 'bboxHighZ'] as const;
const MALIGNANCY = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/**
 * Reads annotations in LUNA16's layout: `seriesuid,coordX,coordY,coordZ[,diameter_mm]`. Also reads `mal_bool` and the
 * box (`bboxLowX` … `bboxHighZ`) if the file has these columns, as the book's list of malignancies does. Ignores other
 * columns.
 * @throws NoduleTrainError `annotations-missing`, `annotations-header` or `annotations-line`, naming file, line and
 * column
 */
export async function readAnnotations(csvPath: string): Promise<Annotation[]> {
  const text = await readFile(csvPath, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`;
    throw new NoduleTrainError(
      'annotations-missing',
      `reading the annotations ${csvPath}: ${found}. Give the path of a CSV file.`,
      { cause },
    );
  });
  let columns: string[] = [];
  try {
    const rows = parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      info: true,
      columns: (names: string[]) => {
        columns = names;
        return names;
      },
    }) as unknown as Row[];
    checkColumns(csvPath, columns);
    return rows.map((row) => annotationOf(csvPath, row, columns));
  } catch (cause) {
    if (cause instanceof NoduleTrainError) throw cause;
    const { lines, message } = cause as CsvError & { lines?: number };
    throw new NoduleTrainError(
      'annotations-line',
      `reading the annotations ${csvPath}, line ${lines ?? '?'}: ${message}, ` +
        `expected ${columns.length || 5} fields separated by commas`,
      { cause },
    );
  }
}

const checkColumns = (csvPath: string, columns: string[]): void => {
  const missing = ['seriesuid', ...POINT_COLUMNS].filter((name) => !columns.includes(name));
  if (missing.length === 0) return;
  throw new NoduleTrainError(
    'annotations-header',
    `reading the annotations ${csvPath}, line 1: found "${columns.join(',')}" without ${missing.join(', ')}, ` +
      'expected LUNA16\'s header "seriesuid,coordX,coordY,coordZ,diameter_mm"',
  );
};

const annotationOf = (csvPath: string, { record, info }: Row, columns: string[]): Annotation => {
  const fail = (column: string, expected: string): never => {
    throw new NoduleTrainError(
      'annotations-line',
      `reading the annotations ${csvPath}, line ${info.lines}: ${column} is "${record[column]}", expected ${expected}`,
    );
  };
  const number = (column: string): number => {
    const value = record[column] === '' ? Number.NaN : Number(record[column]);
    return Number.isFinite(value) ? value : fail(column, 'a number');
  };
  const point = ([x, y, z]: readonly [string, string, string]) => worldLPS(number(x), number(y), number(z));
  const diameter = record.diameter_mm ? number('diameter_mm') : null;
  if (diameter !== null && diameter !== -1 && diameter <= 0)
    fail('diameter_mm', 'a diameter above 0 mm, or an empty field if it is unknown');
  const malignancy = record.mal_bool;
  const malignant = MALIGNANCY.get(malignancy?.toLowerCase() ?? '');
  if (malignancy && malignant === undefined) fail('mal_bool', 'True or False');
  const hasBox = [...LOW_COLUMNS, ...HIGH_COLUMNS].every((name) => columns.includes(name) && record[name] !== '');
  return {
    uid: record.seriesuid || fail('seriesuid', 'the UID of a series'),
    center: point(POINT_COLUMNS),
    diameterMm: diameter === -1 ? null : diameter,
    ...(malignant === undefined ? {} : { malignant }),
    ...(hasBox ? { box: { low: point(LOW_COLUMNS), high: point(HIGH_COLUMNS) } } : {}),
    line: info.lines,
  };
};
