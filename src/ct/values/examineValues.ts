import type { Volume } from '../grid/volume.js';

/** What the distribution of a scan's values looks like. */
export interface ValueFinding {
  /** 'hu': as they should be; others: Hounsfield units that a program has changed. */
  readonly kind: 'hu' | 'shifted' | 'scaled' | 'attenuation' | 'inverted' | 'rescaled';
  /** In words, such as "HU + 1024". */
  readonly looksLike: string;
  /** Slope and intercept that turn the values into HU; null where they cannot be known. */
  readonly rescale: readonly [slope: number, intercept: number] | null;
  /** Where the air or lung is, and where the soft tissue. */
  readonly dark: number;
  readonly soft: number;
}

/** Voxels that are looked at: enough to see a peak of 5 %, few enough to cost less than a millisecond. */
const sampleSize = 8192;

/** Smaller images show too little to judge. */
export const leastVoxels = 4096;

/**
 * Examines where the air and the soft tissue of a scan lie, from a sample of its voxels: a CT of the body has a peak of
 * air and lung from -1150 to -650 HU, one of fat and soft tissue from -150 to 150 HU, and little between them. Finds
 * the linear map that moved these peaks; null where the scan does not show both, as in a phantom or a small crop.
 */
export const examineValues = (volume: Pick<Volume, 'voxels' | 'scale' | 'offset'>): ValueFinding | null => {
  const { voxels } = volume;
  if (voxels.length < leastVoxels) return null;
  const values = sortedSample(volume);
  const found = findMap(values);
  if (found === null) return null;
  const { score: _, ...finding } = found;
  return finding;
};

type Found = ValueFinding & { readonly score: number };

const findMap = (values: Float64Array): Found | null => {
  const asIs = fitHu(values, 1, 0);
  if (asIs !== null) return { kind: 'hu', looksLike: 'HU', rescale: [1, 0], ...asIs };
  const [shifted, inverted] = [findShift(values), findInverted(values)];
  if (shifted !== null || inverted !== null) return (shifted?.score ?? 0) > (inverted?.score ?? 0) ? shifted : inverted;
  return findFactor(values) ?? findAttenuation(values) ?? findRange(values);
};

const sortedSample = ({ voxels, scale, offset }: Pick<Volume, 'voxels' | 'scale' | 'offset'>): Float64Array => {
  // Odd, so that a stride of rows of 2^n columns does not stay in one column.
  const stride = Math.floor(voxels.length / sampleSize) | 1;
  const sample = new Int16Array(Math.ceil(voxels.length / stride));
  for (let k = 0, at = 0; at < voxels.length; k++, at += stride) sample[k] = voxels[at]!;
  return Float64Array.from(sample.sort(), (stored) => stored * scale + offset);
};

/** The number of sorted `values` below `limit`. */
const rank = (values: Float64Array, limit: number): number => {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** How often the most common of the values from one rank to another occurs, and how many there are. */
const runsOf = (values: Float64Array, from: number, to: number): { most: number; distinct: number } => {
  let [most, distinct, run] = [0, 0, 0];
  for (let k = from; k < to; k++) {
    run = k > from && values[k] === values[k - 1] ? run + 1 : 1;
    if (run === 1) distinct++;
    if (run > most) most = run;
  }
  return { most, distinct };
};

/** Peaks in HU. The air of a scan may be clipped to one value, as may be what lies outside the scanner's circle. */
const [darkFrom, darkTo] = [-1150, -650];
const [softFrom, softTo] = [-150, 150];
/** Between lung and fat: only voxels that are part of both. */
const [valleyFrom, valleyTo] = [-450, -200];
/** Denser than bone and teeth. */
const metalFrom = 3100;

interface Demands {
  readonly dark: number;
  readonly soft: number;
  /** Most of the valley's density, as a share of that of each peak. */
  readonly valley: number;
}
const usual: Demands = { dark: 0.05, soft: 0.05, valley: 0.8 };
/** For an inverted scan, as bone beside soft tissue resembles it. */
const strict: Demands = { dark: 0.2, soft: 0.1, valley: 0.3 };

/** Evidence that is no accident: distinct values of each peak, and its share without the most common value. */
const leastDistinct = 20;
const leastSpread = 0.01;

/** Most of the values may lie below air (besides one of padding), above metal, and above soft tissue. */
const mostBelow = 0.01;
const mostMetal = 0.02;
const mostBright = 0.35;

type Fit = Pick<Found, 'dark' | 'soft' | 'score'>;

/**
 * Checks whether `values / factor - shift` are distributed as HU; gives the medians of both peaks, in the units of
 * `values`, or null.
 */
const fitHu = (values: Float64Array, factor: number, shift: number, demands = usual): Fit | null => {
  const count = values.length;
  const at = (hu: number): number => rank(values, (hu + shift) * factor);
  const [d0, d1] = [at(darkFrom), at(darkTo)];
  if (d1 - d0 < demands.dark * count) return null;
  const [s0, s1] = [at(softFrom), at(softTo)];
  if (s1 - s0 < demands.soft * count) return null;
  const valley = (at(valleyTo) - at(valleyFrom)) / (valleyTo - valleyFrom);
  if (valley > (demands.valley * (s1 - s0)) / (softTo - softFrom)) return null;
  if (valley > (demands.valley * (d1 - d0)) / (darkTo - darkFrom)) return null;
  if (count - s1 > mostBright * count) return null;
  const metal = at(metalFrom);
  if (count - metal - runsOf(values, metal, count).most > mostMetal * count) return null;
  if (d0 - runsOf(values, 0, d0).most > mostBelow * count) return null;
  for (const [from, to] of [
    [d0, d1],
    [s0, s1],
  ] as const) {
    const { most, distinct } = runsOf(values, from, to);
    if (distinct < leastDistinct || to - from - most < leastSpread * count) return null;
  }
  return { dark: values[(d0 + d1) >> 1]!, soft: values[(s0 + s1) >> 1]!, score: d1 - d0 + s1 - s0 };
};

/** Shifts that programs make: 12 bits without sign, a second intercept, 16 bits without sign, and vendors' own. */
const knownShifts = [1024, -1024, 8192, 32768];
const snapHu = 100;
const shiftStep = 50;
/** A smaller shift could be another tissue. */
const leastShift = 900;

const findShift = (values: Float64Array): Found | null => {
  const best = bestShift(values, usual);
  if (best === null) return null;
  const { shift, ...found } = best;
  const by = shift > 0 ? `+ ${shift}` : `- ${-shift}`;
  const looksLike = shift === 1024 ? 'HU + 1024 (or + 1000)' : `HU ${by}${knownShifts.includes(shift) ? '' : ' or so'}`;
  return { kind: 'shifted', looksLike, rescale: [1, -shift], ...found };
};

const bestShift = (values: Float64Array, demands: Demands): (Fit & { shift: number }) | null => {
  const first = Math.floor((values[0]! - metalFrom) / shiftStep) * shiftStep;
  let best: (Fit & { shift: number }) | null = null;
  for (let shift = first; shift <= values.at(-1)! - softFrom; shift += shiftStep) {
    if (Math.abs(shift) < leastShift) continue;
    const found = fitHu(values, 1, shift, demands);
    if (found !== null && found.score > (best?.score ?? 0)) best = { ...found, shift };
  }
  if (best === null) return null;
  const { shift } = best;
  return { ...best, shift: knownShifts.find((known) => Math.abs(known - shift) <= snapHu) ?? shift };
};

/** Factors of programs that save HU as whole numbers, or as floats, each with the shifts that go with it. */
const factors: readonly (readonly [factor: number, shifts: readonly number[]])[] = [
  [10, [0, 1024]],
  [16, [0, 1024]],
  [100, [0]],
  [0.001, [0, 1000, 1024]],
];

const findFactor = (values: Float64Array): Found | null => {
  for (const [factor, shifts] of factors)
    for (const shift of shifts) {
      const found = fitHu(values, factor, shift);
      if (found === null) continue;
      const base = shift === 0 ? 'HU' : `(HU + ${shift})`;
      const looksLike = factor > 1 ? `${base} * ${factor}` : `${base} / ${Math.round(1 / factor)}`;
      return { kind: 'scaled', looksLike, rescale: [Number((1 / factor).toPrecision(12)), -shift], ...found };
    }
  return null;
};

/** Linear attenuation of soft tissue in 1/mm at the energies of a CT. */
const [leastTissue, mostTissue, tissueStep] = [0.0165, 0.0215, 0.0005];

const findAttenuation = (values: Float64Array): Found | null => {
  for (const [unit, perMm] of [
    ['mm', 1],
    ['cm', 10],
  ] as const)
    for (let tissue = leastTissue; tissue <= mostTissue; tissue += tissueStep) {
      const found = fitHu(values, (tissue * perMm) / 1000, 1000);
      if (found === null || found.soft < leastTissue * perMm || found.soft > mostTissue * perMm) continue;
      const slope = Number((1000 / found.soft).toPrecision(4));
      return { kind: 'attenuation', looksLike: `attenuation in 1/${unit}`, rescale: [slope, -1000], ...found };
    }
  return null;
};

/** Most inverted images are subtracted from a largest value, so that none is negative. */
const leastLargest = 500;
const knownLargest = [3071, 4095];

const findInverted = (values: Float64Array): Found | null => {
  const inverted = Float64Array.from(values, (value) => -value).reverse();
  const asIs = fitHu(inverted, 1, 0, strict);
  const found = asIs === null ? bestShift(inverted, strict) : { ...asIs, shift: 0 };
  if (found === null || (asIs === null && -found.shift < leastLargest)) return null;
  const { dark, soft, score, shift } = found;
  const largest = knownLargest.find((known) => Math.abs(known + shift) <= snapHu) ?? 0 - shift;
  const looksLike = shift === 0 ? 'inverted HU' : `inverted HU (${largest} - HU or so)`;
  return { kind: 'inverted', looksLike, rescale: [-1, largest], dark: -dark, soft: -soft, score };
};

/** Ranges that no CT has: floats of a few units, bytes, and all 16 bits. */
const mostOfSmall = 40;
const mostOfBytes = 255;
const leastOfLarge = 8000;
const fewest = 0.005;

/** Recognises HU that were mapped to 0…1, to a mean of 0 and a deviation of 1, to bytes, or to all 16 bits. */
const findRange = (values: Float64Array): Found | null => {
  const last = values.length - 1;
  const [low, high] = [values[Math.floor(fewest * last)]!, values[Math.ceil((1 - fewest) * last)]!];
  const range = high - low;
  const bytes = values[0]! >= 0 && values[last]! <= mostOfBytes && high >= mostOfBytes / 2;
  if (!(range > 0) || !(range < mostOfSmall || bytes || range > leastOfLarge)) return null;
  for (let width = 900; width <= 4500; width += 100)
    for (let lowest = -1150; lowest <= -800; lowest += 50) {
      const factor = range / width;
      const found = fitHu(values, factor, low / factor - lowest);
      if (found === null) continue;
      const [from, to] = [values[0]!, values[last]!].map((value) => Number(value.toPrecision(4)));
      return { kind: 'rescaled', looksLike: `HU scaled to values from ${from} to ${to}`, rescale: null, ...found };
    }
  return null;
};
