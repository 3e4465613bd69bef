/** Bits after the point of a weight. */
const weightBits = 13;
const fixed = (weight: number): number => Math.round(weight * 2 ** weightBits);
const cosine = (k: number): number => Math.SQRT2 * Math.cos((k * Math.PI) / 16);
const [c1, c2, c3, c5, c6, c7] = [1, 2, 3, 5, 6, 7].map(cosine) as [number, number, number, number, number, number];

/*
 * Weights of the coefficients in the factorization of Loeffler, Ligtenberg and Moschytz (ICASSP 1989, figure 1). They
 * are sums of its rounded constants: to round each sum once instead gives values that differ by 1 from those of the IJG
 * library.
 */

/** Weights of the coefficients 2 and 6 in the even part of values 0 and 1. */
const even = [
  [fixed(c6) + fixed(c2 - c6), fixed(c6)],
  [fixed(c6), fixed(c6) - fixed(c2 + c6)],
] as const;

/** Weights of the coefficients 1, 3, 5 and 7 in the odd part of values 0 to 3. */
const odd = (() => {
  const all = fixed(c3);
  const [p17, p35, p37, p15] = [-fixed(c3 - c7), -fixed(c1 + c3), all - fixed(c3 + c5), all - fixed(c3 - c5)];
  return [
    [fixed(c1 + c3 - c5 - c7) + p17 + p15, all, p15, all + p17],
    [all, fixed(c1 + c3 + c5 - c7) + p35 + p37, all + p35, p37],
    [p15, all + p35, fixed(c1 + c3 - c5 + c7) + p35 + p15, all],
    [all + p17, p37, all, fixed(-c1 + c3 + c5 - c7) + p17 + p37],
  ] as const;
})();

/**
 * Replaces the coefficients of a block of 8 × 8 by its values of `precision` bits, bit-identical to the accurate
 * integer transform of the IJG library (columns first, two bits after the point between the passes, one for 12 bits).
 */
export const inverseDct = (block: Int32Array, precision: number): void => {
  const between = precision === 8 ? 2 : 1;
  for (let column = 0; column < 8; column++) transform(block, column, 8, weightBits - between);
  // 3 more bits divide by 8, which the weights lack.
  for (let row = 0; row < 8; row++) transform(block, 8 * row, 1, weightBits + between + 3);
  const [center, top] = [1 << (precision - 1), (1 << precision) - 1];
  for (let k = 0; k < 64; k++) block[k] = Math.min(Math.max(block[k]! + center, 0), top);
};

/** Transforms eight numbers, `step` apart, and shifts them down by `shift` bits, rounded. */
const transform = (block: Int32Array, start: number, step: number, shift: number): void => {
  const [i0, i1, i2, i3] = [block[start]!, block[start + step]!, block[start + 2 * step]!, block[start + 3 * step]!];
  const rest = start + 4 * step;
  const [i4, i5, i6, i7] = [block[rest]!, block[rest + step]!, block[rest + 2 * step]!, block[rest + 3 * step]!];
  const half = 1 << (shift - 1);
  for (let k = 0; k < 4; k++) {
    const sign = k === 0 || k === 3 ? 1 : -1;
    const [from2, from6] = even[k === 0 || k === 3 ? 0 : 1];
    const [from1, from3, from5, from7] = odd[k]!;
    const middle = (i0 + sign * i4) * 2 ** weightBits + sign0(k) * (from2 * i2 + from6 * i6) + half;
    const side = from1 * i1 + from3 * i3 + from5 * i5 + from7 * i7;
    block[start + k * step] = (middle + side) >> shift;
    block[start + (7 - k) * step] = (middle - side) >> shift;
  }
};

/** Values 2 and 3 have the mirrored even part. */
const sign0 = (k: number): number => (k < 2 ? 1 : -1);
