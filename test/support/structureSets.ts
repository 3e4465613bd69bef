import { writeFile } from 'node:fs/promises';
import { dataSetBytes, dicomBytes, explicitLittle, type Fields, itemsBytes } from './dicomBytes.mjs';

/** Corners as [x, y, z] in mm, or the text of ContourData. */
export interface DrawnContour {
  points?: readonly (readonly number[])[];
  data?: string;
  type?: string | undefined;
  /** NumberOfContourPoints. */
  count?: number;
  /** SOP instance UID of the image that it was drawn on. */
  image?: string;
}

export interface DrawnRegion {
  number: number;
  name?: string | Uint8Array;
  /** Frame of reference; undefined for none. */
  frame?: string | undefined;
  contours?: readonly DrawnContour[];
}

export interface StructureSetFields {
  over?: Fields;
  syntax?: string;
  /** Frames of reference of the whole set. */
  frames?: readonly string[];
}

const sequence = (items: readonly Fields[], syntax: string): Uint8Array =>
  itemsBytes(items.map((item) => dataSetBytes(item, syntax)));

/** A structure set as planning systems write it; regions are of frame of reference 1.2.3.5, as `sliceFields` has it. */
export const structureSetBytes = (
  regions: readonly DrawnRegion[],
  { over = {}, syntax = explicitLittle, frames = [] }: StructureSetFields = {},
): Buffer => {
  const contourItem = ({ points = [], data, type = 'CLOSED_PLANAR', count, image }: DrawnContour): Fields => ({
    ...(image === undefined ? {} : { '(3006,0016) SQ': sequence([{ '(0008,1155) UI': image }], syntax) }),
    '(3006,0042) CS': type,
    '(3006,0046) IS': count ?? points.length,
    '(3006,0050) DS': data ?? points.flat().map(String),
  });
  return dicomBytes(
    {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.3',
      SOPInstanceUID: '1.2.3.90',
      Modality: 'RTSTRUCT',
      SeriesInstanceUID: '1.2.3.91',
      ...(frames.length === 0
        ? {}
        : {
            '(3006,0010) SQ': sequence(
              frames.map((uid) => ({ FrameOfReferenceUID: uid })),
              syntax,
            ),
          }),
      '(3006,0020) SQ': sequence(
        regions.map((region) => ({
          '(3006,0022) IS': region.number,
          '(3006,0024) UI': 'frame' in region ? region.frame : '1.2.3.5',
          '(3006,0026) LO': region.name ?? `region ${region.number}`,
        })),
        syntax,
      ),
      '(3006,0039) SQ': sequence(
        regions
          .filter(({ contours }) => contours !== undefined)
          .map(({ number, contours }) => ({
            '(3006,0040) SQ': sequence(contours!.map(contourItem), syntax),
            '(3006,0084) IS': number,
          })),
        syntax,
      ),
      ...over,
    },
    syntax,
  );
};

/** The same as a file. */
export const writeStructureSet = async (
  path: string,
  regions: readonly DrawnRegion[],
  fields: StructureSetFields = {},
): Promise<string> => {
  await writeFile(path, structureSetBytes(regions, fields));
  return path;
};
