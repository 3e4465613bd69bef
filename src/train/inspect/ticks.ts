/**
 * Returns round axis ticks, from at or below `low` to at or above `high`. Their step is 1, 2 or 5 times a power of ten.
 * @param count approximate number of steps between `low` and `high`
 * @param leastStep smallest step, such as 1 for whole numbers
 */
export function ticks(low: number, high: number, count = 4, leastStep = 0): number[] {
  const span = high > low ? high - low : Math.abs(high) || 1;
  const rough = Math.max(span / count, leastStep);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough * (1 - 1e-9))!;
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil((high > low ? high : low + span) / step - 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}

/** Formats a tick with as many digits as the step between the ticks needs. */
export function tickText(value: number, all: readonly number[]): string {
  const step = all.length > 1 ? all[1]! - all[0]! : 1;
  if (Math.abs(value) >= 10_000) return value.toLocaleString('en');
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}
