import {
  type DataSet,
  derivedUid,
  readSourceAttributes,
  readVolume,
  type SourceAttributes,
  type Volume,
} from '../../dist/ct/index.js';
import {
  type StructuredReportOptions,
  structuredReport,
} from '../../dist/evaluate/segment/sr/writeStructuredReport.js';
import type { Nodule } from '../../dist/model/index.js';
import { scanResult } from './scanResults.js';

/** A SEG that reports refer to. */
export const segmentation = {
  sopClass: '1.2.840.10008.5.1.4.1.1.66.4',
  instance: derivedUid('test', 'SEG'),
  series: derivedUid('test', 'series of the SEG'),
};
export const trackingOf = (nodules: readonly Nodule[]) =>
  nodules.map(({ number }) => ({ id: `Nodule ${number}`, uid: derivedUid('test', `nodule ${number}`) }));

/** A series as a scan and as the source of DICOM objects. */
export const open = async (path: string, resample = false) => ({
  scan: await readVolume(path, { resample, onNote: () => {} }),
  source: await readSourceAttributes(path),
});

/** The report of a series with these nodules, by default with a SEG. */
export const report = (
  { scan, source }: { scan: Volume; source: SourceAttributes },
  nodules: readonly Nodule[],
  options: Partial<StructuredReportOptions> = {},
) => structuredReport(scanResult(scan, nodules), source, { segmentation, tracking: trackingOf(nodules), ...options });

// Readers of the content tree, independent of what writes it.
export const itemsOf = (item: DataSet | undefined): readonly DataSet[] => item?.ContentSequence ?? [];
export const nameOf = (item: DataSet): string => `${item.ConceptNameCodeSequence?.[0]?.CodeValue ?? ''}`;
export const named = (items: readonly DataSet[], name: string): readonly DataSet[] =>
  items.filter((item) => nameOf(item) === name);
export const codeOf = (item: DataSet | undefined): string => `${item?.ConceptCodeSequence?.[0]?.CodeValue ?? ''}`;
export const groupsOf = (root: DataSet): readonly DataSet[] => itemsOf(named(itemsOf(root), '126010')[0]);
/** An item and all items below it. */
export const all = (item: DataSet): DataSet[] => [item, ...itemsOf(item).flatMap(all)];
/** Lines of the long and the short axis with the image that they are on. */
export const linesOf = (group: DataSet) =>
  ['103339001', '103340004'].map((name) => {
    const [line] = itemsOf(named(itemsOf(group), name)[0]);
    if (line?.ValueType !== 'SCOORD') return null;
    const [reference] = itemsOf(line)[0]!.ReferencedSOPSequence!;
    return {
      data: line.GraphicData as number[],
      instance: reference!.ReferencedSOPInstanceUID as string,
      frame: reference!.ReferencedFrameNumber as number | undefined,
    };
  });
