import { chooseNamed, shownLabel } from '../dicom/masks/chooseNamed.js';
import { voxelCount } from '../grid/volume.js';
import type { Values } from '../imageFile/elementType.js';
import type { ReadRequest } from '../imageFile/imageFile.js';
import { type NrrdFields, type NrrdHeader, refuseNrrdField } from './nrrdHeader.js';

/** A segment of a segmentation of 3D Slicer: the voxels of one value in one layer. */
export interface NrrdSegment {
  /** Its label value where each segment has its own, else its place in the file, from 1. */
  readonly number: number;
  /** Its name; 'unnamed' where it has none that can be shown. */
  readonly label: string;
  readonly id: string;
  readonly layer: number;
  /** Null: every value but 0. */
  readonly value: number | null;
}

/**
 * Lists the segments of a file (`Segment0_Name`, `Segment0_LabelValue`, `Segment0_Layer`, `Segment0_ID`); of several
 * layers without these fields, one for each. Null where the file names none: it is an image.
 * @throws NoduleTrainError `nrrd-header` for a layer that is not there
 */
export const listSegments = (
  path: string,
  { keys }: NrrdFields,
  { layers }: Pick<NrrdHeader, 'layers'>,
): readonly NrrdSegment[] | null => {
  const places = new Set(
    [...keys.keys()].flatMap((key) => {
      const [, place] = /^Segment(\d{1,6})_(?:ID|Name|LabelValue|Layer|Extent)$/.exec(key) ?? [];
      return place === undefined ? [] : [Number(place)];
    }),
  );
  if (places.size === 0) {
    if (layers === 1) return null;
    return Array.from({ length: layers }, (_, layer) => {
      return { number: layer + 1, label: 'unnamed', id: '', layer, value: null };
    });
  }
  const whole = (key: string, fallback: number, most: number): number => {
    const text = keys.get(key)?.trim();
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0 || value > most)
      refuseNrrdField(path, key, `is ${JSON.stringify(text.slice(0, 40))}`, `a whole number from 0 to ${most}`);
    return value;
  };
  // Slicer before 4.11 has one layer for each segment, and no fields for layer and value.
  const found = [...places]
    .sort((a, b) => a - b)
    .map((place, n) => ({
      label: shownLabel(keys.get(`Segment${place}_Name`) ?? ''),
      id: keys.get(`Segment${place}_ID`)?.trim() ?? '',
      layer: whole(`Segment${place}_Layer`, layers > 1 ? n : 0, layers - 1),
      value: whole(`Segment${place}_LabelValue`, 1, 2 ** 32),
    }));
  const areValuesUnique = new Set(found.map(({ value }) => value)).size === found.length;
  return found.map((segment, n) => ({ ...segment, number: areValuesUnique ? segment.value : n + 1 }));
};

/**
 * Chooses the segment of this name, number or ID, by default the only one; or all.
 * @throws NoduleTrainError `mask-segment` with the list
 */
export const chooseSegments = (
  path: string,
  segments: readonly NrrdSegment[],
  { segment, all }: NonNullable<ReadRequest['labels']>,
): { readonly chosen: readonly NrrdSegment[]; readonly notes: readonly string[] } => {
  if (all === true) return { chosen: segments, notes: [] };
  const byId = segments.find(({ id }) => id !== '' && id === segment);
  if (byId !== undefined && !segments.some(({ label }) => label === segment)) return { chosen: [byId], notes: [] };
  const { item, notes } = chooseNamed(path, 'segment', segments, segment);
  return { chosen: [item], notes };
};

/** The voxels of the chosen segments, 0 and 1, from the values of all layers. */
export const voxelsOf = (
  values: Values,
  chosen: readonly NrrdSegment[],
  { shape, layers, layerAxis }: Pick<NrrdHeader, 'shape' | 'layers' | 'layerAxis'>,
): Uint8Array => {
  const count = voxelCount(shape);
  const voxels = new Uint8Array(count);
  const [step, layerStep] = layerAxis === 0 ? [layers, 1] : [1, count];
  for (const { layer, value } of chosen) {
    for (let k = 0, at = layer * layerStep; k < count; k++, at += step) {
      const stored = Number(values[at]);
      if (value === null ? stored !== 0 : stored === value) voxels[k] = 1;
    }
  }
  return voxels;
};
