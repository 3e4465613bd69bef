import type { ValueFinding } from './examineValues.js';
import { blocks, type Demands, type Fit, fitHu, strict, usual } from './fitHu.js';

export type Found = ValueFinding & Pick<Fit, 'score'>;

/**
 * Finds how a program changed Hounsfield units: the linear map that puts the peaks of sorted `values` where air and
 * soft tissue are; null where none does.
 */
export const findChange = (values: Float64Array): Found | null =>
  findShiftOrInversion(values) ??
  findFactor(values) ??
  findAttenuation(values) ??
  findRange(values) ??
  findInBlocks(values);

/** Inverted images are rare: they must fit better by this factor. */
const inversionLead = 1.3;

/** Lung beside contrast medium looks much the same upside down: a usual figure decides, else the better fit. */
const findShiftOrInversion = (values: Float64Array): Found | null => {
  const [shifted, inverted] = [findShift(values), findInverted(values)];
  if (shifted === null || inverted === null) return shifted ?? inverted;
  const [isUsual, isUsualInverted] = [shifted, inverted].map(({ looksLike }) => !looksLike.endsWith('so'));
  if (isUsual !== isUsualInverted) return isUsual ? shifted : inverted;
  return inverted.score > inversionLead * shifted.score ? inverted : shifted;
};

/** Shifts that programs make: 12 bits without sign, a second intercept, 16 bits without sign, and vendors' own. */
const knownShifts = [1024, -1024, 8192, 32768];
const snapHu = 100;
const shiftStep = 50;
/** More than 16 bits hold. */
const mostShift = 70_000;
/** A smaller shift could be another tissue. */
const leastShift = 900;

const findShift = (values: Float64Array): Found | null => {
  const best = bestShift(values, usual);
  return best === null ? null : shiftedBy(best.shift, best);
};

const shiftedBy = (shift: number, found: Fit): Found => {
  const by = shift > 0 ? `+ ${shift}` : `- ${-shift}`;
  const looksLike = shift === 1024 ? 'HU + 1024 (or + 1000)' : `HU ${by}${knownShifts.includes(shift) ? '' : ' or so'}`;
  return { kind: 'shifted', looksLike, rescale: [1, -shift], ...found };
};

const bestShift = (values: Float64Array, demands: Demands): (Fit & { shift: number }) | null => {
  let best: (Fit & { shift: number }) | null = null;
  for (let shift = -mostShift; shift <= mostShift; shift += shiftStep) {
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

const findFactor = (values: Float64Array, demands = usual): Found | null => {
  for (const [factor, shifts] of factors)
    for (const shift of shifts) {
      const found = factor > 1 || demands !== blocks ? fitHu(values, factor, shift, demands) : null;
      if (found === null) continue;
      const base = shift === 0 ? 'HU' : `(HU + ${shift})`;
      const looksLike = factor > 1 ? `${base} * ${factor}` : `${base} / ${Math.round(1 / factor)}`;
      return { kind: 'scaled', looksLike, rescale: [Number((1 / factor).toPrecision(12)), -shift], ...found };
    }
  return null;
};

/** Linear attenuation of fat to muscle in 1/mm at the energies of a CT; that of water is about 0.0192. */
const [leastTissue, mostTissue] = [0.0165, 0.0205];
const water = 0.0192;
/** The best fit is searched beyond them: values scaled to 0…1 are near. */
const [firstTissue, lastTissue, tissueStep] = [0.0125, 0.0265, 0.0005];

const findAttenuation = (values: Float64Array): Found | null => {
  for (const [unit, perMm] of [
    ['mm', 1],
    ['cm', 10],
  ] as const) {
    let best: (Fit & { tissue: number }) | null = null;
    for (let tissue = firstTissue; tissue <= lastTissue; tissue += tissueStep) {
      const found = fitHu(values, (tissue * perMm) / 1000, 1000);
      if (found !== null && found.score > (best?.score ?? 0)) best = { ...found, tissue };
    }
    if (best === null || best.tissue < leastTissue || best.tissue > mostTissue) continue;
    const slope = Number((1000 / (water * perMm)).toPrecision(2));
    return { kind: 'attenuation', looksLike: `attenuation in 1/${unit}`, rescale: [slope, -1000], ...best };
  }
  return null;
};

/** Most inverted images are subtracted from a largest value, so that none is negative. */
const leastLargest = 500;
const knownLargest = [3071, 4095];

const invert = (values: Float64Array): Float64Array => Float64Array.from(values, (value) => -value).reverse();

const findInverted = (values: Float64Array): Found | null => {
  const inverted = invert(values);
  const asIs = fitHu(inverted, 1, 0, strict);
  if (asIs !== null) return invertedBy(0, asIs);
  const found = bestShift(inverted, strict);
  return found === null || -found.shift < leastLargest ? null : invertedBy(-found.shift, found);
};

const invertedBy = (near: number, { dark, soft, score }: Fit): Found => {
  const largest = knownLargest.find((known) => Math.abs(known - near) <= snapHu) ?? near;
  const about = largest === 0 || knownLargest.includes(largest) ? '' : ' or so';
  const looksLike = largest === 0 ? 'inverted HU' : `inverted HU (${largest} - HU)${about}`;
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

/** Recognises the common changes in a phantom of a few values, where only large numbers are beyond doubt. */
const findInBlocks = (values: Float64Array): Found | null => {
  let best: Found | null = null;
  for (const shift of knownShifts) {
    const found = shift > 0 ? fitHu(values, 1, shift, blocks) : null;
    if (found !== null && found.score > (best?.score ?? 0)) best = shiftedBy(shift, found);
  }
  const inverted = fitHu(invert(values), 1, 0, blocks);
  if (inverted !== null && inverted.score > (best?.score ?? 0)) best = invertedBy(0, inverted);
  return best ?? findFactor(values, blocks);
};
