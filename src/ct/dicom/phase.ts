import type { Keyword } from './dictionary.js';
import type { DicomTags } from './tags.js';

/** What distinguishes acquisitions, phases and reconstructions of the same slice, in the order of trying. */
export const phaseAttributes = [
  'acquisition',
  'temporal position',
  'cardiac phase',
  'trigger time',
  'b-value',
  'echo',
  'echo time',
  'tube voltage',
  'kernel',
  'slice thickness',
  'contrast agent',
  'series number',
  'image type',
  'time',
] as const;

export type PhaseAttribute = (typeof phaseAttributes)[number];

/** The values of the attributes that an image has, as texts. */
export type Phase = Readonly<Partial<Record<PhaseAttribute, string>>>;

type Reader = (tags: DicomTags) => string | null;

const number =
  (...keywords: readonly Keyword[]): Reader =>
  (tags) => {
    for (const keyword of keywords) {
      const value = numberOf(tags, keyword);
      if (value !== null) return String(Number(value.toPrecision(6)));
    }
    return null;
  };

/** Null where the tag is not one number: it only describes the image. */
const numberOf = (tags: DicomTags, keyword: Keyword): number | null => {
  if (!tags.has(keyword)) return null;
  try {
    return tags.number(keyword);
  } catch {
    return null;
  }
};

/** Words of vendors, such as B30f. Any other text may be a name. */
const words =
  (keyword: Keyword): Reader =>
  (tags) => {
    const text = tags.texts(keyword)?.join('\\');
    return text !== undefined && /^[\w+.\\-]{1,64}$/.test(text) ? text : null;
  };

/** Seconds of the day, without the date. */
const time: Reader = (tags) => {
  const text =
    tags.texts('AcquisitionTime')?.[0] ??
    tags.texts('FrameAcquisitionDateTime')?.[0]?.slice(8) ??
    tags.texts('ContentTime')?.[0];
  const [, hours, minutes, seconds] = /^(\d\d):?(\d\d):?(\d\d(?:\.\d{1,6})?)/.exec(text ?? '') ?? [];
  return seconds === undefined ? null : String(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
};

const readers: Record<PhaseAttribute, Reader> = {
  acquisition: number('FrameAcquisitionNumber', 'AcquisitionNumber'),
  'temporal position': number('TemporalPositionIndex', 'TemporalPositionIdentifier'),
  'cardiac phase': number('NominalPercentageOfCardiacPhase'),
  'trigger time': number('TriggerTime'),
  'b-value': number('DiffusionBValue'),
  echo: number('EchoNumbers'),
  'echo time': number('EchoTime'),
  'tube voltage': number('KVP'),
  kernel: words('ConvolutionKernel'),
  'slice thickness': number('SliceThickness'),
  'contrast agent': (tags) => (tags.has('ContrastBolusAgent') ? 'yes' : null),
  'series number': number('SeriesNumber'),
  'image type': words('ImageType'),
  time,
};

/** Reads what distinguishes an image from others of the same slice; of several data sets, the first that has it. */
export const readPhase = (sets: readonly DicomTags[]): Phase => {
  const phase: Partial<Record<PhaseAttribute, string>> = {};
  for (const attribute of phaseAttributes) {
    for (const tags of sets) {
      const value = readers[attribute](tags);
      if (value === null) continue;
      phase[attribute] = value;
      break;
    }
  }
  return phase;
};
