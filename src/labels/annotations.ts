import { readFile } from 'node:fs/promises';
import { type CsvError, parse } from 'csv-parse/sync';
import { type WorldLPS, worldLPS } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';

/** A nodule as a line of LUNA16's `annotations.csv` gives it. */
export interface Annotation {
  /** The series that it lies in. */
  readonly uid: string;
  readonly center: WorldLPS;
  /** null where the file has none (no column, an empty field, or -1 as LUNA16 writes it for excluded findings). */
  readonly diameterMm: number | null;
  readonly malignant?: boolean;
  /** Corners of the box around the readers' contours, where the file has them. */
  readonly box?: { readonly low: WorldLPS; readonly high: WorldLPS };
  /** Line of the file, from 1; 0 where no list names the nodule. */
  readonly line: number;
}

interface Row {
  readonly record: Record<string, string>;
  readonly info: { readonly lines: number };
}

const pointColumns = ['coordX', 'coordY', 'coordZ'] as const;
const lowColumns = ['bboxLowX', 'bboxLowY', 'bboxLowZ'] as const;
const highColumns = ['bboxHighX', 'bboxHighY', 'bboxHighZ'] as const;
const malignancies = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/**
 * Reads annotations in LUNA16's layout: `seriesuid,coordX,coordY,coordZ[,diameter_mm]`, and where there are such columns
 * `mal_bool` and the box (`bboxLowX` … `bboxHighZ`), as the book's list of malignancies has them. Others are passed over.
 * Throws 'annotations-missing', 'annotations-header' or 'annotations-line', which name the file, the line and the column.
 */
export const readAnnotations = async (csvPath: string): Promise<Annotation[]> => {
  const text = await readFile(csvPath, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${cause.code})`;
    throw new NoduleTrainError(
      'annotations-missing',
      `reading the annotations ${csvPath}: ${found}; give the path of a CSV file`,
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
      `reading the annotations ${csvPath}, line ${lines ?? '?'}: ${message}; wanted are ${columns.length || 5} fields, separated by commas`,
      { cause },
    );
  }
};

const checkColumns = (csvPath: string, columns: string[]): void => {
  const missing = ['seriesuid', ...pointColumns].filter((name) => !columns.includes(name));
  if (missing.length === 0) return;
  throw new NoduleTrainError(
    'annotations-header',
    `reading the annotations ${csvPath}, line 1: column ${missing.join(', ')} is missing, found is "${columns.join(',')}"; ` +
      'wanted is LUNA16\'s header "seriesuid,coordX,coordY,coordZ,diameter_mm"',
  );
};

const annotationOf = (csvPath: string, { record, info }: Row, columns: string[]): Annotation => {
  const fail = (column: string, wanted: string): never => {
    throw new NoduleTrainError(
      'annotations-line',
      `reading the annotations ${csvPath}, line ${info.lines}: ${column} is "${record[column]}"; wanted is ${wanted}`,
    );
  };
  const number = (column: string): number => {
    const value = record[column] === '' ? Number.NaN : Number(record[column]);
    return Number.isFinite(value) ? value : fail(column, 'a number');
  };
  const point = ([x, y, z]: readonly [string, string, string]) => worldLPS(number(x), number(y), number(z));
  const diameter = record.diameter_mm ? number('diameter_mm') : null;
  if (diameter !== null && diameter !== -1 && diameter <= 0)
    fail('diameter_mm', 'a diameter above 0 mm, or nothing where it is unknown');
  const malignancy = record.mal_bool;
  const malignant = malignancies.get(malignancy?.toLowerCase() ?? '');
  if (malignancy && malignant === undefined) fail('mal_bool', 'True or False');
  const hasBox = [...lowColumns, ...highColumns].every((name) => columns.includes(name) && record[name] !== '');
  return {
    uid: record.seriesuid || fail('seriesuid', "a series' UID"),
    center: point(pointColumns),
    diameterMm: diameter === -1 ? null : diameter,
    ...(malignant === undefined ? {} : { malignant }),
    ...(hasBox ? { box: { low: point(lowColumns), high: point(highColumns) } } : {}),
    line: info.lines,
  };
};
