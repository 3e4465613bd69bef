import { readFile, stat } from 'node:fs/promises';
import { XMLParser } from 'fast-xml-parser';
import { NoduleTrainError } from '../../runtime/index.js';
import type { PixelPoint } from './fillPolygon.js';

/** One outline of a reader in one slice. */
export interface LidcOutline {
  /** z of the slice in mm, as its DICOM file has it. */
  readonly z: number;
  readonly sopUid: string;
  /** false: what is inside does not belong to the nodule. */
  readonly inclusion: boolean;
  /** Whole numbers, in pixels of the DICOM slice. */
  readonly points: readonly PixelPoint[];
}

/** What the readers of a LIDC scan marked; nodules under 3 mm and findings that are none have no outline and are left out. */
export interface LidcReadings {
  readonly seriesUid: string;
  /** By reader, by nodule, its outlines. */
  readonly readers: readonly (readonly (readonly LidcOutline[])[])[];
}

/** The largest file of LIDC-IDRI is under 2 MB. */
const largestBytes = 64 * 1024 * 1024;

const lists = new Set(['readingSession', 'unblindedReadNodule', 'roi', 'edgeMap']);

type Element = { readonly [name: string]: unknown };

/**
 * Reads LIDC's XML of readers' outlines (`LidcReadMessage`). Nothing of the readers, the sites or the patient is taken from it.
 * Throws 'lidc-xml' with the field where the file is not such a one; entities are not expanded and a DOCTYPE is refused.
 */
export const readLidcXml = async (path: string): Promise<LidcReadings> => {
  const fail = (found: string, wanted = "LIDC's LidcReadMessage of a CT scan", cause?: unknown): never => {
    throw new NoduleTrainError('lidc-xml', `reading the outlines ${path}: ${found}; wanted is ${wanted}`, { cause });
  };
  const root = await parse(path, fail);
  const message = child(root, 'LidcReadMessage') ?? fail(`its root is ${firstName(root)}`);
  const header = child(message, 'ResponseHeader') ?? fail('ResponseHeader is missing');
  const seriesUid = text(header.SeriesInstanceUid);
  if (seriesUid === '') fail('SeriesInstanceUid is missing');
  const readers = children(message, 'readingSession').map((session, reader) =>
    children(session, 'unblindedReadNodule').map((nodule, which) =>
      children(nodule, 'roi')
        .map((roi, n) =>
          outlineOf(roi, (field, found, wanted) =>
            fail(`${field} of outline ${n + 1} of nodule ${which + 1} of reader ${reader + 1} is "${found}"`, wanted),
          ),
        )
        .filter(({ points }) => points.length > 1),
    ),
  );
  return { seriesUid, readers: readers.map((nodules) => nodules.filter((outlines) => outlines.length > 0)) };
};

type Fail = (found: string, wanted?: string, cause?: unknown) => never;

const parse = async (path: string, fail: Fail): Promise<Element> => {
  const { size } = await stat(path).catch((cause: NodeJS.ErrnoException) =>
    fail(cause.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${cause.code})`, undefined, cause),
  );
  if (size > largestBytes) fail(`it has ${size} bytes`, `a file of at most ${largestBytes}`);
  const source = await readFile(path, 'utf8');
  if (/<!DOCTYPE/i.test(source)) fail('it has a DOCTYPE', 'a file without one, as LIDC gives it');
  const parser = new XMLParser({
    ignoreAttributes: true,
    removeNSPrefix: true,
    parseTagValue: false,
    processEntities: false,
    ignorePiTags: true,
    maxNestedTags: 32,
    isArray: (name) => lists.has(name),
  });
  try {
    return parser.parse(source, true) as Element;
  } catch (cause) {
    return fail(`it is no well-formed XML (${(cause as Error).message})`, undefined, cause);
  }
};

const outlineOf = (roi: Element, fail: (field: string, found: string, wanted: string) => never): LidcOutline => {
  const number = (field: string, value: unknown, whole: boolean): number => {
    const found = text(value);
    const read = found === '' ? Number.NaN : Number(found);
    const good = whole ? Number.isInteger(read) && Math.abs(read) < 1e6 : Number.isFinite(read);
    return good ? read : fail(field, found, whole ? 'a whole number of pixels' : 'a place in mm');
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
