import { NoduleTrainError } from '../../../runtime/index.js';
import { type WorldLPS, worldLPS } from '../../grid/geometry.js';
import { tagName } from '../dictionary.js';
import { readDicomFile, structureSetClass } from '../readDicomFile.js';
import { type DicomTags, required, tagError } from '../tags.js';
import { chooseNamed, type Named, readLabel } from './chooseNamed.js';
import { comparedUid, type MaskReferences, referencedInstances } from './maskReferences.js';

/** One region of interest of an RTSTRUCT, as closed polygons in LPS mm. */
export interface StructureSet {
  readonly region: Named;
  /** At least one, each of at least three points. */
  readonly contours: readonly (readonly WorldLPS[])[];
  readonly references: MaskReferences;
  /** What the user should know, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Reads one region of an RTSTRUCT (PS3.3 section C.8.8.6), chosen by number or name; by default the only one. Single
 * points and contours of fewer than three points are skipped, which `notes` reports; open contours are refused, unless
 * they end where they begin.
 * @throws NoduleTrainError `mask-segment` with the list of regions; `scan-missing`, `dicom-file`, `dicom-rtstruct`,
 * `dicom-tag`
 */
export const readStructureSet = async (
  path: string,
  { segment }: { readonly segment?: string | number } = {},
): Promise<StructureSet> => {
  const file = await readDicomFile(path);
  if (file === null || file.tags.uid('SOPClassUID') !== structureSetClass)
    throw refusal(path, `it is not an RT Structure Set (${tagName('SOPClassUID')})`, 'an RTSTRUCT');
  const { tags } = file;
  const contoursOf = contoursByRegion(tags);
  const regions = tags.items('StructureSetROISequence').map((item) => {
    const number = required(path, 'ROINumber', item.number('ROINumber'), 'the number of the region');
    const contours = contoursOf.get(number)?.length ?? 0;
    const content = `${contours} contour${contours === 1 ? '' : 's'}`;
    return { item, number, label: readLabel(tags, item, 'ROIName'), content };
  });
  const {
    item: { item, ...region },
    notes,
  } = chooseNamed(path, 'region', regions, segment);
  const items = contoursOf.get(region.number) ?? [];
  const { contours, notes: skipped } = closedContours(path, region.number, items);
  if (contours.length === 0) {
    const found = `region ${region.number} has no closed contour`;
    throw refusal(
      path,
      skipped.length === 0 ? found : `${found} (${skipped.join('; ')})`,
      'CLOSED_PLANAR contours of at least three points',
    );
  }
  return { region, contours, references: referencesOf(tags, item, items), notes: [...notes, ...skipped] };
};

/** The contours of each region; some writers split a region over several items. */
const contoursByRegion = (tags: DicomTags): ReadonlyMap<number, DicomTags[]> => {
  const regions = new Map<number, DicomTags[]>();
  for (const item of tags.items('ROIContourSequence')) {
    const number = item.number('ReferencedROINumber');
    if (number === null) continue;
    const contours = regions.get(number) ?? [];
    for (const contour of item.items('ContourSequence')) contours.push(contour);
    regions.set(number, contours);
  }
  return regions;
};

/** Values of ContourGeometricType without separators, as CLOSEDPLANAR_XOR and CLOSED_PLANAR_XOR are both in use. */
const closed = new Set(['CLOSEDPLANAR', 'CLOSEDPLANARXOR']);
const open = new Set(['OPENPLANAR', 'OPENNONPLANAR']);

const closedContours = (
  path: string,
  region: number,
  items: readonly DicomTags[],
): Pick<StructureSet, 'contours' | 'notes'> => {
  const contours: (readonly WorldLPS[])[] = [];
  const count = { points: 0, short: 0, miscounted: 0, commas: 0, closedOpen: 0 };
  for (const [k, item] of items.entries()) {
    const stated = item.texts('ContourGeometricType')?.[0];
    const type = stated?.toUpperCase().replace(/[_\s-]/g, '') ?? '';
    if (type === 'POINT') {
      count.points++;
      continue;
    }
    if (!closed.has(type) && !open.has(type)) {
      const found = `contour ${k + 1} of region ${region} has ${stated === undefined ? 'no' : 'an unknown'} type`;
      throw refusal(path, `${found} (${tagName('ContourGeometricType')})`, 'CLOSED_PLANAR');
    }
    const { points, commas } = readPoints(path, item, k);
    if (open.has(type) && !endsWhereItBegins(points)) {
      const found = `contour ${k + 1} of region ${region} is ${stated}`;
      throw refusal(path, `${found} (${tagName('ContourGeometricType')})`, 'CLOSED_PLANAR');
    }
    if (points.length < 3) {
      count.short++;
      continue;
    }
    if (open.has(type)) count.closedOpen++;
    if (commas) count.commas++;
    const expected = item.texts('NumberOfContourPoints')?.[0];
    if (expected !== undefined && Number(expected) !== points.length) count.miscounted++;
    contours.push(points);
  }
  const notes = [
    noteOn(count.points, 'skipping', 'of its contours that are single points (POINT)'),
    noteOn(count.short, 'skipping', 'of its contours that have fewer than three points'),
    noteOn(count.closedOpen, 'taking', 'open contours of the region as closed, as they end where they begin'),
    noteOn(count.commas, 'reading decimal commas in', 'of its contours'),
    noteOn(
      count.miscounted,
      'using all points of',
      `of its contours, although ${tagName('NumberOfContourPoints')} states another number`,
    ),
  ].filter((note) => note !== null);
  return { contours, notes };
};

const noteOn = (count: number, doing: string, what: string): string | null =>
  count === 0 ? null : `${doing} ${count} ${what}`;

/** Ends nearer than this, in mm, are the same point. */
const samePointMm = 0.01;

const endsWhereItBegins = (points: readonly WorldLPS[]): boolean => {
  const [first, last] = [points[0], points.at(-1)];
  return points.length > 3 && first!.every((mm, axis) => Math.abs(mm - last![axis]!) < samePointMm);
};

const decimalNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const decimalComma = /^[+-]?(\d+,?\d*|,\d+)(e[+-]?\d+)?$/i;

const readPoints = (path: string, item: DicomTags, k: number): { points: WorldLPS[]; commas: boolean } => {
  const values = item.texts('ContourData') ?? [];
  // A separator after the last number is not a number.
  const texts = values.at(-1) === '' ? values.slice(0, -1) : values;
  const commas = texts.some((text) => text.includes(',')) && texts.every((text) => decimalComma.test(text));
  const numbers = texts.map((text, n) => {
    const number = commas || decimalNumber.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
    if (Number.isFinite(number)) return number;
    throw tagError(path, 'ContourData', `of contour ${k + 1} has no number as value ${n + 1}`, 'x, y and z in mm');
  });
  if (numbers.length % 3 !== 0) {
    const found = `of contour ${k + 1} has ${numbers.length} numbers`;
    throw tagError(path, 'ContourData', found, 'x, y and z of each point');
  }
  const points = Array.from({ length: numbers.length / 3 }, (_, n) =>
    worldLPS(numbers[3 * n]!, numbers[3 * n + 1]!, numbers[3 * n + 2]!),
  );
  return { points, commas };
};

const referencesOf = (tags: DicomTags, region: DicomTags, contours: readonly DicomTags[]): MaskReferences => {
  const sets = tags.items('ReferencedFrameOfReferenceSequence');
  const own = comparedUid(region, 'ReferencedFrameOfReferenceUID');
  const stated = [tags, ...sets].map((item) => comparedUid(item, 'FrameOfReferenceUID')).filter((uid) => uid !== null);
  const images = [
    ...sets
      .flatMap((item) => item.items('RTReferencedStudySequence'))
      .flatMap((item) => item.items('RTReferencedSeriesSequence')),
    ...contours,
  ].flatMap((item) => item.items('ContourImageSequence'));
  return {
    frames: own === null ? [...new Set(stated)] : [own],
    instances: new Set(referencedInstances(images)),
  };
};

const refusal = (path: string, found: string, expected: string): NoduleTrainError =>
  new NoduleTrainError('dicom-rtstruct', `reading the mask ${path}: ${found}, expected ${expected}`);
