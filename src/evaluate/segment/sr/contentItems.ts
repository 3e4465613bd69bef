import type { DataSet } from '../../../ct/index.js';
import { type Code, codeItem } from './codes.js';

/** How an item relates to its parent (PS3.3 table C.17.3-8). */
export type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS ACQ CONTEXT' | 'HAS CONCEPT MOD' | 'INFERRED FROM';

/** An instance that the report refers to. */
export interface InstanceReference {
  readonly sopClass: string;
  readonly instance: string;
}

const item = (relationship: Relationship, ValueType: string, name: Code | null, content: DataSet): DataSet => ({
  RelationshipType: relationship,
  ValueType,
  ...(name === null ? {} : { ConceptNameCodeSequence: [codeItem(name)] }),
  ...content,
});

export const containerItem = (name: Code, items: readonly DataSet[], template?: string): DataSet =>
  item('CONTAINS', 'CONTAINER', name, containerContent(items, template));

/** The attributes of a container, also those of the root. Without items it has no ContentSequence (PS3.3 C.17.3). */
export const containerContent = (items: readonly DataSet[], template?: string): DataSet => ({
  ContinuityOfContent: 'SEPARATE',
  ...(template === undefined
    ? {}
    : { ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: template }] }),
  ...(items.length === 0 ? {} : { ContentSequence: items }),
});

export const codeValueItem = (relationship: Relationship, name: Code, value: Code): DataSet =>
  item(relationship, 'CODE', name, { ConceptCodeSequence: [codeItem(value)] });

export const textItem = (relationship: Relationship, name: Code, TextValue: string): DataSet =>
  item(relationship, 'TEXT', name, { TextValue });

export const uidItem = (relationship: Relationship, name: Code, UID: string): DataSet =>
  item(relationship, 'UIDREF', name, { UID });

/** A measurement; `items` say how it was made. */
export const numberItem = (name: Code, value: number, unit: Code, items: readonly DataSet[]): DataSet =>
  item('CONTAINS', 'NUM', name, {
    MeasuredValueSequence: [{ NumericValue: value, MeasurementUnitsCodeSequence: [codeItem(unit)] }],
    ContentSequence: items,
  });

/** A reference to an image, to one of its frames or to a segment. */
export const imageItem = (
  relationship: Relationship | 'SELECTED FROM',
  name: Code | null,
  { sopClass, instance }: InstanceReference,
  { frame, segment }: { readonly frame?: number | null; readonly segment?: number } = {},
): DataSet => ({
  ...item('CONTAINS', 'IMAGE', name, {}),
  RelationshipType: relationship,
  ReferencedSOPSequence: [
    {
      ReferencedSOPClassUID: sopClass,
      ReferencedSOPInstanceUID: instance,
      ...(frame === undefined || frame === null ? {} : { ReferencedFrameNumber: frame }),
      ...(segment === undefined ? {} : { ReferencedSegmentNumber: segment }),
    },
  ],
});

/**
 * A line in an image. `points` are column and row, where 0\0 is the corner of the first pixel and 0.5\0.5 its centre
 * (PS3.3 C.18.6.1.1).
 */
export const lineItem = (name: Code, points: readonly (readonly [number, number])[], image: DataSet): DataSet =>
  item('INFERRED FROM', 'SCOORD', name, {
    GraphicType: 'POLYLINE',
    GraphicData: points.flat(),
    ContentSequence: [image],
  });
