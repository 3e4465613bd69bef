// Numbers as PyTorch prints them with its default settings: four digits after the point, one width for all, and the
// scientific notation for all where the range of the values asks for it.

const DIGITS = 4;
/** Above this ratio of the largest to the smallest value, or these limits, all are in scientific notation. */
const [MOST_RATIO, MOST, LEAST] = [1000, 1e8, 1e-4];

const isNegative = (value: number): boolean => value < 0 || Object.is(value, -0);

/**
 * Rounds halves to even, as Python does; JavaScript rounds them up.
 * @param longer the value with one digit more
 * @param isExact whether that digit is the last one
 */
const halfToEven = (rounded: string, longer: string, isExact: () => boolean): string => {
  const shorter = longer.slice(0, -1);
  const isTie = longer.endsWith('5') && '02468'.includes(shorter.slice(-1)) && isExact();
  return isTie ? shorter : rounded;
};

const fixed = (value: number): string => {
  const size = Math.abs(value);
  // A binary fraction of at most five digits has at most five decimals.
  const exact = (): boolean => Number.isInteger(size * 2 ** (DIGITS + 1));
  return (isNegative(value) ? '-' : '') + halfToEven(size.toFixed(DIGITS), size.toFixed(DIGITS + 1), exact);
};

const scientific = (value: number): string => {
  const size = Math.abs(value);
  const [mantissa, exponent] = size.toExponential(DIGITS).split('e') as [string, string];
  const longer = size.toExponential(DIGITS + 1).split('e')[0]!;
  // A double that is not exact shows another digit well before the hundredth.
  const exact = (): boolean => /^\d\.\d{5}0*$/.test(size.toExponential(100).split('e')[0]!);
  const power = exponent.slice(1).padStart(2, '0');
  return `${isNegative(value) ? '-' : ''}${halfToEven(mantissa, longer, exact)}e${exponent[0]}${power}`;
};

const notFinite = (value: number): string => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf');

/** Chooses one notation and width for floating-point numbers. */
const formatFloats = (values: readonly number[]): string[] => {
  let [least, most, isWhole] = [Number.POSITIVE_INFINITY, 0, true];
  for (const value of values) {
    if (value === 0 || !Number.isFinite(value)) continue;
    least = Math.min(least, Math.abs(value));
    most = Math.max(most, Math.abs(value));
    isWhole &&= Number.isInteger(value);
  }
  const isScientific = most > 0 && (most / least > MOST_RATIO || most > MOST || least < LEAST);
  const whole = (value: number): string => `${isNegative(value) ? '-' : ''}${Math.abs(value)}.`;
  const format = isScientific ? scientific : isWhole ? whole : fixed;
  const texts = values.map((value) => (Number.isFinite(value) ? format(value) : notFinite(value)));
  // Zeros and what is not finite have no part in the width.
  const counted = texts.filter((_, i) => values[i] !== 0 && Number.isFinite(values[i]));
  const width = counted.reduce((longest, text) => Math.max(longest, text.length), 1);
  return texts.map((text) => text.padStart(width));
};

/** Formats the values of a tensor: numbers, bigints of int64, or 0 and 1 of bool. */
export function formatNumbers(values: ArrayLike<number | bigint>, dtype: string): string[] {
  if (dtype.includes('float')) return formatFloats(Array.from(values as ArrayLike<number>));
  const texts = Array.from(values, (value) => (dtype !== 'bool' ? String(value) : value ? 'true' : 'false'));
  const width = texts.reduce((longest, text) => Math.max(longest, text.length), 1);
  return texts.map((text) => text.padStart(width));
}
