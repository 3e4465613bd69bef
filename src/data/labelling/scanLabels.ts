import type { Annotation, LostLabel, ScanLabels } from '../../labels/index.js';
import type { LabelledScan } from './labelledScan.js';

/** Summarizes what became of a scan's labels; `annotations` are those of its truth, which know their lines. */
export function scanLabels(
  uid: string,
  { nodules, lost = [], labelImage }: Pick<LabelledScan, 'nodules' | 'lost' | 'labelImage'>,
  annotations: readonly Annotation[],
): ScanLabels {
  return {
    used: nodules.length,
    withoutAgreement: nodules.filter(({ voxels }) => voxels === 0).length,
    labelImage: labelImage ?? null,
    lost: lost.map(
      ({ fate, reason, causes, annotation, centerLps, diameterMm }): LostLabel => ({
        ...{ uid, line: annotations[annotation]?.line ?? 0, fate, reason, point: centerLps, diameterMm },
        ...(causes === undefined ? {} : { causes }),
      }),
    ),
  };
}
