import { readFile } from 'node:fs/promises';
import { type CsvError, parse } from 'csv-parse/sync';
import { decodeText, NoduleTrainError } from '../../runtime/index.js';
import { chooseSeparator } from './chooseSeparator.js';
import { findColumns } from './findColumns.js';

/** A column of a table that is looked for by its name, in any case. */
export interface TableColumn {
  /** Other names, compared without case, spaces, underscores and brackets; using one is reported. */
  readonly aliases?: readonly string[];
  /** Names that may mean it, and why they are not taken for it, for the error of a missing column. */
  readonly unclear?: { readonly names: readonly string[]; readonly why: string };
  /** Whether the table may lack it. */
  readonly optional?: boolean;
}

export interface TableFormat<Name extends string> {
  /** Beginning of the errors, such as "reading the annotations". */
  readonly doing: string;
  readonly columns: Readonly<Record<Name, TableColumn>>;
  /** Header as the errors describe it, such as `LUNA16's header "seriesuid,coordX"`. */
  readonly expected: string;
  readonly codes: { readonly missing: string; readonly header: string; readonly line: string };
  /** Whether lines that begin with # are skipped. */
  readonly comments?: boolean;
  /** Whether errors may not quote a field, because it may hold a patient's name. */
  readonly isPrivate?: boolean;
}

/** A row of a table. The same object is used for every row: copy what you keep. */
export interface TableRow<Name extends string> {
  /** Line of the file, from 1. */
  readonly line: number;
  /** The field without surrounding spaces; '' if it is empty or the table lacks the column. */
  text(column: Name): string;
  /** @throws NoduleTrainError with the code of lines, unless the field is a decimal number */
  number(column: Name): number;
  /** Makes the error of a field. */
  fault(column: Name, expected: string): NoduleTrainError;
}

export interface TableSummary<Name extends string> {
  /** Columns that the table has, by the names of the format. */
  readonly columns: ReadonlySet<Name>;
  /** What was assumed about the file, one sentence each, without its path. */
  readonly notes: readonly string[];
}

/** Plain decimal numbers: neither hexadecimal nor Infinity, which `Number` reads too. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Reads a table of text with a header, row by row: UTF-8, UTF-16 or Windows-1252; fields separated by commas,
 * semicolons or tabs, whichever the header has; with other separators than commas, numbers may have decimal commas, as
 * spreadsheets of many countries write them.
 * @throws NoduleTrainError with the codes of the format, naming file, line and column; and what `onRow` throws
 */
export async function readTable<Name extends string>(
  path: string,
  format: TableFormat<Name>,
  onRow: (row: TableRow<Name>) => void,
): Promise<TableSummary<Name>> {
  const { doing, codes, isPrivate = false } = format;
  const fail = (code: string, line: number | string | null, found: string, cause?: unknown): never => {
    const place = line === null ? '' : `, line ${line}`;
    throw new NoduleTrainError(code, `${doing} ${path}${place}: ${found}`, cause === undefined ? {} : { cause });
  };
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`;
    return fail(codes.missing, null, `${found}. Give the path of a CSV file.`, cause);
  });
  const { text, encoding } = decodeText(bytes);
  const { delimiter, skipped, body } = chooseSeparator(text, format.comments === true);
  const notes: string[] = [];
  if (encoding === 'windows-1252') notes.push('The file is not UTF-8; its text was read as Windows-1252.');

  let header: string[] | null = null;
  let places: ReadonlyMap<Name, number> = new Map();
  let fields: readonly string[] = [];
  const row = {
    line: 0,
    text: (column: Name): string => {
      const place = places.get(column);
      return place === undefined ? '' : (fields[place] ?? '').trim();
    },
    number(column: Name): number {
      const field = row.text(column);
      const plain = delimiter === ',' || field.includes('.') ? field : field.replace(',', '.');
      const value = DECIMAL.test(plain) ? Number(plain) : Number.NaN;
      if (!Number.isFinite(value)) throw row.fault(column, 'a number');
      return value;
    },
    fault: (column: Name, expected: string): NoduleTrainError => {
      const found = isPrivate ? (row.text(column) === '' ? 'empty' : 'wrong') : `"${row.text(column)}"`;
      return new NoduleTrainError(
        codes.line,
        `${doing} ${path}, line ${row.line}: ${column} is ${found}, expected ${expected}`,
      );
    },
  };
  const take = (record: string[], { lines }: { lines: number }): null => {
    const line = lines + skipped;
    if (header === null) {
      header = withoutEmptyEnd(record);
      const found = findColumns(header, format.columns);
      if (found.missing.length > 0)
        fail(
          codes.header,
          line,
          `found "${header.join(delimiter === '\t' ? ' ' : delimiter)}" without ${found.missing.join(', ')}` +
            `${found.likely.length === 0 ? '' : ` (${found.likely.join('; ')})`}, expected ${format.expected}`,
        );
      places = found.places;
      notes.push(...found.notes);
      return null;
    }
    // Spreadsheets write rows that are empty but for their separators.
    if (record.every((field) => field.trim() === '')) return null;
    const width = record.length > header.length ? withoutEmptyEnd(record).length : record.length;
    if (width > header.length || record.length < header.length)
      fail(
        codes.line,
        line,
        `found ${width} fields, expected ${header.length} fields separated by ${SEPARATOR_NAMES[delimiter]}`,
      );
    row.line = line;
    fields = record;
    onRow(row);
    return null;
  };
  try {
    parse(body, {
      delimiter,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      ...(format.comments ? { comment: '#', comment_no_infix: true } : {}),
      // Both spellings: the type of csv-parse has one, its older versions the other.
      onRecord: take,
      on_record: take,
    });
  } catch (cause) {
    if (cause instanceof NoduleTrainError) throw cause;
    const { lines, message } = cause as CsvError & { lines?: number };
    fail(codes.line, lines === undefined ? '?' : lines + skipped, message, cause);
  }
  if (header === null)
    fail(
      codes.header,
      1,
      `found "" without ${findColumns([], format.columns).missing.join(', ')}, expected ${format.expected}`,
    );
  return { columns: new Set(places.keys()), notes };
}

const SEPARATOR_NAMES = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' };

/** Drops empty fields at the end, which spreadsheets write for columns that were deleted. */
function withoutEmptyEnd(record: readonly string[]): string[] {
  let length = record.length;
  while (length > 0 && record[length - 1]!.trim() === '') length--;
  return record.slice(0, length);
}
