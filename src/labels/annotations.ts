import { median, type WorldLPS, worldLPS } from '../ct/index.js';
import { readTable, type TableFormat, type TableRow } from './tables/readTable.js';

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

const POINT_COLUMNS = ['coordX', 'coordY', 'coordZ'] as const;
const LOW_COLUMNS = ['bboxLowX', 'bboxLowY', 'bboxLowZ'] as const;
const HIGH_COLUMNS = ['bboxHighX', 'bboxHighY', 'bboxHighZ'] as const;
const MALIGNANCY = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

const BOX_COLUMNS = [...LOW_COLUMNS, ...HIGH_COLUMNS] as const;

/** Names that other lists give LUNA16's columns, as `TableColumn.aliases`. */
export const SERIES_NAMES = ['seriesinstanceuid', 'seriesuid', 'seriesinstance'];

/** A coordinate: other names that say that it is in mm of the patient, and names that do not. */
export const coordinateColumn = (axis: 'x' | 'y' | 'z') => ({
  aliases: [`coord${axis}mm`, `${axis}mm`, `mm${axis}`, `world${axis}`, `${axis}world`, `lps${axis}`, `${axis}lps`],
  unclear: {
    names: [axis, `center${axis}`, `centre${axis}`, `${axis}center`, `pos${axis}`, `voxel${axis}`, `${axis}voxel`],
    why: 'does not say that it holds LPS mm of the patient. If it does, rename it; voxel indices must be converted',
  },
});

const DIAMETER_NAMES = [
  'diameter',
  'diametermm',
  'diammm',
  'diam',
  'nodulediameter',
  'nodulediametermm',
  'longestdiameter',
  'longestdiametermm',
  'maxdiameter',
  'maxdiametermm',
  'sizemm',
  'nodulesizemm',
  'dmm',
];

const FORMAT = {
  doing: 'reading the annotations',
  columns: {
    seriesuid: { aliases: SERIES_NAMES },
    coordX: coordinateColumn('x'),
    coordY: coordinateColumn('y'),
    coordZ: coordinateColumn('z'),
    diameter_mm: { aliases: DIAMETER_NAMES, optional: true },
    mal_bool: { optional: true },
    bboxLowX: { optional: true },
    bboxLowY: { optional: true },
    bboxLowZ: { optional: true },
    bboxHighX: { optional: true },
    bboxHighY: { optional: true },
    bboxHighZ: { optional: true },
  },
  expected: 'LUNA16\'s header "seriesuid,coordX,coordY,coordZ,diameter_mm"',
  codes: { missing: 'annotations-missing', header: 'annotations-header', line: 'annotations-line' },
} as const satisfies TableFormat<string>;

/** Median of the diameters in mm below which their unit is probably cm: the smallest nodules measure 3 mm. */
const CENTIMETRES_BELOW = 2;

/**
 * Reads annotations in LUNA16's layout: `seriesuid,coordX,coordY,coordZ[,diameter_mm]`. Also reads `mal_bool` and the
 * box (`bboxLowX` … `bboxHighZ`) if the file has these columns, as the book's list of malignancies does. Ignores other
 * columns. The encoding, the separator and other names of the columns are recognized as by `readTable`.
 * @param options.onNote called with what was assumed about the file; by default it emits a process warning
 * @throws NoduleTrainError `annotations-missing`, `annotations-header` or `annotations-line`, naming file, line and
 * column
 */
export async function readAnnotations(
  csvPath: string,
  { onNote = warn }: { onNote?: (text: string) => void } = {},
): Promise<Annotation[]> {
  const annotations: Annotation[] = [];
  const { notes } = await readTable(csvPath, FORMAT, (row) => annotations.push(annotationOf(row)));
  for (const note of notes) onNote(`${csvPath}: ${note}`);
  const known = annotations.flatMap(({ diameterMm }) => diameterMm ?? []);
  const usual = median(Float64Array.from(known));
  if (usual !== null && usual < CENTIMETRES_BELOW)
    onNote(
      `${csvPath}: half of the diameters are at most ${usual} mm, and nodules measure 3 mm and more. Are they in ` +
        'centimetres, or radii? Convert them to diameters in mm.',
    );
  return annotations;
}

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_DATA' });

type Column = keyof typeof FORMAT.columns;
type Row = TableRow<Column>;

function annotationOf(row: Row): Annotation {
  const point = ([x, y, z]: readonly [Column, Column, Column]) => worldLPS(row.number(x), row.number(y), row.number(z));
  const diameter = row.text('diameter_mm') === '' ? null : row.number('diameter_mm');
  if (diameter !== null && diameter !== -1 && diameter <= 0)
    throw row.fault('diameter_mm', 'a diameter above 0 mm, or an empty field if it is unknown');
  const malignancy = row.text('mal_bool');
  const malignant = MALIGNANCY.get(malignancy.toLowerCase());
  if (malignancy !== '' && malignant === undefined) throw row.fault('mal_bool', 'True or False');
  const hasBox = BOX_COLUMNS.every((name) => row.text(name) !== '');
  if (row.text('seriesuid') === '') throw row.fault('seriesuid', 'the UID of a series');
  return {
    uid: row.text('seriesuid'),
    center: point(POINT_COLUMNS),
    diameterMm: diameter === -1 ? null : diameter,
    ...(malignant === undefined ? {} : { malignant }),
    ...(hasBox ? { box: { low: point(LOW_COLUMNS), high: point(HIGH_COLUMNS) } } : {}),
    line: row.line,
  };
}
