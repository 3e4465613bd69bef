import type { DataSet } from '../../../ct/index.js';
import type { Nodule } from '../../../model/index.js';
import { names, quantities, units, values } from './codes.js';
import {
  codeValueItem,
  containerItem,
  type InstanceReference,
  imageItem,
  lineItem,
  numberItem,
  textItem,
  uidItem,
} from './contentItems.js';
import type { ImageAxes } from './imageLine.js';
import type { Tracking } from './noduleTracking.js';

/** The SEG of a result. */
export interface SegmentationReference extends InstanceReference {
  /** SeriesInstanceUID of the SEG. */
  readonly series: string;
}

export interface GroupOptions {
  readonly tracking: Tracking;
  /** Null where no SEG was written: the group is then TID 1501, which needs no region. */
  readonly segmentation: SegmentationReference | null;
  /** SeriesInstanceUID of the scan. */
  readonly seriesUid: string;
  /** Null where the axes lie on no image that can be referenced. */
  readonly axes: ImageAxes | null;
  readonly algorithm: { readonly name: string; readonly version: string };
}

/**
 * Builds the measurement group of a nodule: TID 1411 with its segment, or TID 1501 without one. What is null is left
 * out.
 *
 * OHIF reads the content of every NUM, takes its line only from a NUM with that content alone, and identifies a group
 * by its first UIDREF: each NUM has content, that of an axis with a line is the line alone, and the tracking UID comes
 * first.
 */
export function measurementGroup(nodule: Nodule, options: GroupOptions): DataSet {
  const { tracking, segmentation, seriesUid } = options;
  const region =
    segmentation === null
      ? []
      : [
          imageItem('CONTAINS', names.segment, segmentation, { segment: nodule.number }),
          uidItem('CONTAINS', names.sourceSeries, seriesUid),
        ];
  const { texture } = nodule;
  return containerItem(
    names.group,
    [
      textItem('HAS OBS CONTEXT', names.trackingIdentifier, tracking.id),
      uidItem('HAS OBS CONTEXT', names.trackingUid, tracking.uid),
      codeValueItem('CONTAINS', names.finding, values.nodule),
      ...region,
      codeValueItem('HAS CONCEPT MOD', names.findingSite, values.lung),
      ...measurements(nodule, options),
      ...(texture === null ? [] : [codeValueItem('CONTAINS', names.texture, values[texture])]),
    ],
    segmentation === null ? '1501' : '1411',
  );
}

/**
 * Builds the group of a scan without nodules (TID 1501). The container of measurements must have content, and viewers
 * expect a group in it.
 */
export const emptyGroup = (tracking: Tracking): DataSet =>
  containerItem(
    names.group,
    [
      textItem('HAS OBS CONTEXT', names.trackingIdentifier, tracking.id),
      uidItem('HAS OBS CONTEXT', names.trackingUid, tracking.uid),
      codeValueItem('HAS CONCEPT MOD', names.findingSite, values.lung),
      codeValueItem('CONTAINS', names.outcome, values.withoutFindings),
    ],
    '1501',
  );

const measurements = (nodule: Nodule, { axes, algorithm }: GroupOptions): DataSet[] => {
  const modifier = (name: typeof names.method | typeof names.derivation, value: keyof typeof values): DataSet =>
    codeValueItem('HAS CONCEPT MOD', name, values[value]);
  const axis = (line: ImageAxes['long'] | undefined): DataSet[] =>
    axes === null || line === undefined
      ? [modifier(names.method, 'planar')]
      : [
          lineItem(
            names.sourceOfMeasurement,
            line,
            imageItem('SELECTED FROM', null, axes.slice, { frame: axes.slice.frame }),
          ),
        ];
  const { volumeMm3, longAxisMm, shortAxisMm, diameter3dMm, meanHu, sdHu, score } = nodule;
  const all: [value: number | null, make: (value: number) => DataSet][] = [
    [
      volumeMm3,
      (value) => numberItem(quantities.volume, value, units.mm3, [modifier(names.method, 'contiguousSlices')]),
    ],
    [longAxisMm, (value) => numberItem(quantities.longAxis, value, units.mm, axis(axes?.long))],
    [shortAxisMm, (value) => numberItem(quantities.shortAxis, value, units.mm, axis(axes?.short))],
    [
      diameter3dMm,
      (value) =>
        numberItem(quantities.diameter, value, units.mm, [
          modifier(names.method, 'spatial'),
          modifier(names.derivation, 'maximum'),
        ]),
    ],
    [meanHu, (value) => numberItem(quantities.attenuation, value, units.hu, [modifier(names.derivation, 'mean')])],
    [
      sdHu,
      (value) => numberItem(quantities.attenuation, value, units.hu, [modifier(names.derivation, 'standardDeviation')]),
    ],
    [
      100 * score,
      (value) =>
        numberItem(quantities.certainty, value, units.percent, [
          textItem('HAS CONCEPT MOD', names.algorithmName, algorithm.name),
          textItem('HAS CONCEPT MOD', names.algorithmVersion, algorithm.version),
        ]),
    ],
  ];
  return all.flatMap(([value, make]) => (value === null ? [] : [make(value)]));
};
