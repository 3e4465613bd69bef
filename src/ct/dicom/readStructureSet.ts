import { NoduleTrainError } from '../../runtime/index.js';
import type { WorldLPS } from '../grid/geometry.js';
import { chooseNamed, type Named, printableLabel } from './chooseNamed.js';
import { tagName } from './dictionary.js';
import { readDicomFile } from './readDicomFile.js';
import { type DicomTags, required, tagError } from './tags.js';

/** One region of interest of an RTSTRUCT, as closed polygons in LPS mm. */
export interface StructureSet {
  readonly region: Named;
  readonly contours: readonly (readonly WorldLPS[])[];
  /** What the user should know, one sentence each. */
  readonly notes: readonly string[];
}

/** SOP class of RT Structure Set Storage. */
export const structureSetClass = '1.2.840.10008.5.1.4.1.1.481.3';

/**
 * Reads one region of an RTSTRUCT (PS3.3 section C.8.8.6), chosen by number or name; by default the only one. Single
 * points are skipped, which `notes` reports; open contours are refused.
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
  const regions = tags.items('StructureSetROISequence').map((item) => ({
    number: required(path, 'ROINumber', item.number('ROINumber'), 'the number of the region'),
    label: printableLabel(item.texts('ROIName')?.join('\\')),
  }));
  const region = chooseNamed(path, 'region', regions, segment);
  const items = tags
    .items('ROIContourSequence')
    .filter((item) => item.number('ReferencedROINumber') === region.number)
    .flatMap((item) => item.items('ContourSequence'));
  const contours: (readonly WorldLPS[])[] = [];
  let points = 0;
  for (const item of items) {
    const type = item.texts('ContourGeometricType')?.[0] ?? 'missing';
    if (type === 'POINT') points++;
    else if (closed.has(type)) contours.push(pointsOf(path, item));
    else {
      const found = `region ${region.number} has a contour that is ${open.has(type) ? type : 'of unknown type'}`;
      throw refusal(path, `${found} (${tagName('ContourGeometricType')})`, 'CLOSED_PLANAR');
    }
  }
  if (contours.length === 0)
    throw refusal(path, `region ${region.number} has no closed contour`, 'CLOSED_PLANAR contours');
  const notes = points === 0 ? [] : [`skipping ${points} single points of the region`];
  return { region, contours, notes };
};

const closed = new Set(['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR']);
const open = new Set(['OPEN_PLANAR', 'OPEN_NONPLANAR']);

const pointsOf = (path: string, item: DicomTags): WorldLPS[] => {
  const numbers = required(path, 'ContourData', item.numbers('ContourData'), 'x, y and z of each point');
  if (numbers.length % 3 !== 0 || numbers.length < 9)
    throw tagError(path, 'ContourData', `has ${numbers.length} numbers`, 'x, y and z of at least three points');
  return Array.from({ length: numbers.length / 3 }, (_, k) => numbers.slice(3 * k, 3 * k + 3) as unknown as WorldLPS);
};

const refusal = (path: string, found: string, expected: string): NoduleTrainError =>
  new NoduleTrainError('dicom-rtstruct', `reading the mask ${path}: ${found}, expected ${expected}`);
