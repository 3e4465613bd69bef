import { readFile, stat } from 'node:fs/promises';
import { XMLParser } from 'fast-xml-parser';
import { decodeText, NoduleTrainError } from '../../runtime/index.js';
import type { PixelPoint } from './fillPolygon.js';

/** One reader's outline in one slice. */
export interface LidcOutline {
  /** z of the slice in mm, as in its DICOM file. */
  readonly z: number;
  readonly sopUid: string;
  /** False for a hole: the inside does not belong to the nodule. */
  readonly inclusion: boolean;
  /** Whole pixels of the DICOM slice. */
  readonly points: readonly PixelPoint[];
}

/** The outlines of a LIDC scan. Nodules below 3 mm and non-nodules have no outline and are skipped. */
export interface LidcReadings {
  readonly seriesUid: string;
  /** Outlines by reader and nodule: `readers[reader][nodule][outline]`. */
  readonly readers: readonly (readonly (readonly LidcOutline[])[])[];
}

/** Size limit; the largest file of LIDC-IDRI is below 2 MB. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/** Elements that are always read as lists. */
const LISTS = new Set(['readingSession', 'unblindedReadNodule', 'roi', 'edgeMap']);

type Element = { readonly [name: string]: unknown };

/**
 * Reads LIDC's XML of readers' outlines (`LidcReadMessage`). Takes nothing about readers, sites or the patient from it.
 * Does not expand entities and refuses a DOCTYPE.
 * @throws NoduleTrainError `lidc-xml`, naming the field, if the file is not valid
 */
export async function readLidcXml(path: string): Promise<LidcReadings> {
  const fail = (found: string, expected = "LIDC's LidcReadMessage of a CT scan", cause?: unknown): never => {
    throw new NoduleTrainError('lidc-xml', `reading the outlines ${path}: ${found}, expected ${expected}`, { cause });
  };
  const root = await parse(path, fail);
  const message = child(root, 'LidcReadMessage') ?? fail(`the root element is ${firstName(root)}`);
  const header = child(message, 'ResponseHeader') ?? fail('ResponseHeader is missing');
  const seriesUid = text(header.SeriesInstanceUid);
  if (seriesUid === '') fail('SeriesInstanceUid is missing');
  const readers = children(message, 'readingSession').map((session, reader) =>
    children(session, 'unblindedReadNodule').map((nodule, which) =>
      children(nodule, 'roi')
        .map((roi, n) =>
          outlineOf(roi, (field, found, expected) =>
            fail(`${field} of outline ${n + 1} of nodule ${which + 1} of reader ${reader + 1} is "${found}"`, expected),
          ),
        )
        .filter(({ points }) => points.length > 1),
    ),
  );
  return { seriesUid, readers: readers.map((nodules) => nodules.filter((outlines) => outlines.length > 0)) };
}

type Fail = (found: string, expected?: string, cause?: unknown) => never;

const parse = async (path: string, fail: Fail): Promise<Element> => {
  const { size } = await stat(path).catch((cause: NodeJS.ErrnoException) =>
    fail(cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`, undefined, cause),
  );
  if (size > LARGEST_BYTES) fail(`the file has ${size} bytes`, `at most ${LARGEST_BYTES}`);
  const source = decodeText(await readFile(path)).text;
  if (/<!DOCTYPE/i.test(source)) fail('the file has a DOCTYPE', "none, as in LIDC's files");
  const parser = new XMLParser({
    ignoreAttributes: true,
    removeNSPrefix: true,
    parseTagValue: false,
    processEntities: false,
    ignorePiTags: true,
    maxNestedTags: 32,
    isArray: (name) => LISTS.has(name),
  });
  try {
    return parser.parse(source, true) as Element;
  } catch (cause) {
    return fail(`not well-formed XML (${(cause as Error).message})`, undefined, cause);
  }
};

const outlineOf = (roi: Element, fail: (field: string, found: string, expected: string) => never): LidcOutline => {
  const number = (field: string, value: unknown, whole: boolean): number => {
    const found = text(value);
    const read = found === '' ? Number.NaN : Number(found);
    const good = whole ? Number.isInteger(read) && Math.abs(read) < 1e6 : Number.isFinite(read);
    return good ? read : fail(field, found, whole ? 'a whole number of pixels' : 'a position in mm');
  };
  const inclusion = text(roi.inclusion).toUpperCase();
  if (inclusion !== 'TRUE' && inclusion !== 'FALSE') fail('inclusion', inclusion, 'TRUE or FALSE');
  return {
    z: number('imageZposition', roi.imageZposition, false),
    sopUid: text(roi.imageSOP_UID),
    inclusion: inclusion === 'TRUE',
    points: children(roi, 'edgeMap').map(
      (edge) => [number('xCoord', edge.xCoord, true), number('yCoord', edge.yCoord, true)] as const,
    ),
  };
};

const isElement = (value: unknown): value is Element => typeof value === 'object' && value !== null;

const child = (element: Element, name: string): Element | null => {
  const value = element[name];
  return isElement(value) ? value : null;
};

const children = (element: Element, name: string): Element[] => {
  const value = element[name];
  return Array.isArray(value) ? value.filter(isElement) : [];
};

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

const firstName = (root: Element): string => {
  const name = Object.keys(root).find((one) => one !== '?xml');
  return name === undefined ? 'missing' : `"${name.slice(0, 40)}"`;
};
