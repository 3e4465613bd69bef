import { NoduleTrainError } from '../../runtime/index.js';
import { modalityOf } from '../modality.js';
import type { DicomFile } from './readDicomFile.js';
import { createSlices, type Slice } from './slice.js';
import { type DicomTags, toUid } from './tags.js';
import { derivedUid } from './write/derivedUid.js';

/** What an image is by its type; `sortImages` decides which images of a series belong to its volume. */
export type ImageKind = 'slice' | 'localizer' | 'secondary capture' | 'colour image';

/** One image of a folder. Either it has `slices` or a `fault`, which is thrown only if its series is read. */
export interface SeriesImage {
  readonly path: string;
  readonly series: string;
  /** SeriesNumber, null where it has none. */
  readonly seriesNumber: number | null;
  readonly study: string | null;
  readonly sopClass: string | null;
  /** Values of ImageType; empty where it is missing. */
  readonly imageType: readonly string[];
  readonly modality: string | null;
  readonly rows: number;
  readonly columns: number;
  readonly kind: ImageKind;
  /** Whether it states a position or an orientation in the patient. */
  readonly isPlaced: boolean;
  readonly frames: number;
  readonly slices: readonly Slice[];
  readonly fault: NoduleTrainError | null;
  /** What of the file is missing or contradicts itself and how it is read, each as "its …". */
  readonly repairs: readonly string[];
}

/** Defined terms of Modality (PS3.3 C.7.3.1.1.1); any other text in this tag is not shown. */
const modalities = new Set(
  'CT MR PT NM CR DX MG US XA RF OT SC SEG SR PR KO REG DOC RTIMAGE RTDOSE RTSTRUCT RTPLAN IO OP SM ES XC GM PX BI DG'.split(
    ' ',
  ),
);

/** The modality, null where it is not one of the defined terms. */
export const shownModality = (tags: DicomTags): string | null => {
  const modality = modalityOf(tags.texts('Modality')?.[0]);
  return modality !== null && modalities.has(modality) ? modality : null;
};

const secondaryCapture = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.\d)?$/;

/** Describes one image of a series. */
export const describeImage = (file: DicomFile): SeriesImage => {
  const { tags, path } = file;
  const { series, repairs } = seriesOf(tags);
  const seriesNumber = Number(tags.texts('SeriesNumber')?.[0] ?? Number.NaN);
  return {
    path,
    series,
    seriesNumber: Number.isInteger(seriesNumber) ? seriesNumber : null,
    study: tags.uid('StudyInstanceUID'),
    sopClass: tags.uid('SOPClassUID'),
    imageType: tags.texts('ImageType') ?? [],
    modality: shownModality(tags),
    rows: tags.whole('Rows', false) ?? 0,
    columns: tags.whole('Columns', false) ?? 0,
    kind: kindOf(tags),
    isPlaced:
      tags.has('ImagePositionPatient') ||
      tags.has('ImageOrientationPatient') ||
      tags.has('PerFrameFunctionalGroupsSequence'),
    frames: tags.number('NumberOfFrames') ?? 1,
    repairs: [...file.repairs, ...repairs],
    ...slicesOrFault(file),
  };
};

/** The UID of the image's series; a valid one is derived where it is missing or not a UID. */
const seriesOf = (tags: DicomTags): { readonly series: string; readonly repairs: readonly string[] } => {
  const text = tags.texts('SeriesInstanceUID')?.join('\\') ?? null;
  if (text !== null) {
    const series = toUid(text);
    const found = `its SeriesInstanceUID is not a UID (${text.length} characters), and is replaced by ${series}`;
    return { series, repairs: series === text ? [] : [found] };
  }
  const parts = [tags.uid('StudyInstanceUID'), tags.uid('FrameOfReferenceUID'), tags.texts('SeriesNumber')?.[0]];
  const series = derivedUid('nodule-train', 'series without UID', ...parts.map((part) => part ?? ''));
  const found = `its SeriesInstanceUID is missing; images of one study, frame of reference and series number are read as series ${series}`;
  return { series, repairs: [found] };
};

const kindOf = (tags: DicomTags): ImageKind => {
  if (tags.texts('ImageType')?.[2]?.toUpperCase() === 'LOCALIZER') return 'localizer';
  if (secondaryCapture.test(tags.uid('SOPClassUID') ?? '')) return 'secondary capture';
  const photometric = tags.texts('PhotometricInterpretation')?.[0] ?? '';
  return /^(RGB|YBR|PALETTE|HSV|ARGB|CMYK)/.test(photometric) ? 'colour image' : 'slice';
};

const slicesOrFault = (file: DicomFile): Pick<SeriesImage, 'slices' | 'fault'> => {
  try {
    return { slices: createSlices(file), fault: null };
  } catch (fault) {
    if (!(fault instanceof NoduleTrainError)) throw fault;
    return { slices: [], fault };
  }
};
