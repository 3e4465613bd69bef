import type { RateFinding } from './findLearningRate.js';

const [width, height] = [720, 420];
const plot = { left: 64, right: 696, top: 44, bottom: 364 };

/** Round steps between ticks: 1, 2 or 5 times a power of ten. */
function ticks(low: number, high: number, count = 5): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough) as number) * power;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** SVG of a range test: loss over the learning rate (logarithmic), each step's and smoothed, with the least and the suggested rate. */
export function ratePlot({ rates, losses, smoothed, least, suggested, diverged }: RateFinding): string {
  const [from, to] = [Math.log10(rates[0] as number), Math.log10(rates.at(-1) as number)];
  const shown = [...losses, ...smoothed];
  const pad = 0.05 * (Math.max(...shown) - Math.min(...shown) || 1);
  const [low, high] = [Math.min(...shown) - pad, Math.max(...shown) + pad];
  const x = (rate: number) => plot.left + ((Math.log10(rate) - from) / (to - from)) * (plot.right - plot.left);
  const y = (loss: number) => plot.bottom - ((loss - low) / (high - low)) * (plot.bottom - plot.top);
  const at = (value: number) => value.toFixed(1);
  const line = (values: readonly number[]) =>
    values.map((value, i) => `${at(x(rates[i] as number))},${at(y(value))}`).join(' ');
  const decades = Array.from({ length: Math.floor(to) - Math.ceil(from) + 1 }, (_, i) => Math.ceil(from) + i);
  const upright = (rate: number, color: string, text: string, row: number) => {
    // A label near the right edge would leave the picture.
    const anchor = x(rate) > (plot.left + plot.right) / 2 ? 'end' : 'start';
    const beside = x(rate) + (anchor === 'end' ? -6 : 6);
    return [
      `<line x1="${at(x(rate))}" x2="${at(x(rate))}" y1="${plot.top}" y2="${plot.bottom}" stroke="${color}" stroke-dasharray="5 4"/>`,
      `<text x="${at(beside)}" y="${plot.top + 16 + 18 * row}" fill="${color}" text-anchor="${anchor}">${text}</text>`,
    ];
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${plot.left}" y="24" font-size="15">Loss of crops with a nodule over the learning rate, ${rates.length} steps${diverged ? '' : ' (the loss did not diverge)'}</text>`,
    ...decades.flatMap((decade) => [
      `<line x1="${at(x(10 ** decade))}" x2="${at(x(10 ** decade))}" y1="${plot.top}" y2="${plot.bottom}" stroke="#e4e4e4"/>`,
      `<text x="${at(x(10 ** decade))}" y="${plot.bottom + 20}" text-anchor="middle">1e${decade}</text>`,
    ]),
    ...ticks(low, high).flatMap((loss) => [
      `<line x1="${plot.left}" x2="${plot.right}" y1="${at(y(loss))}" y2="${at(y(loss))}" stroke="#e4e4e4"/>`,
      `<text x="${plot.left - 8}" y="${at(y(loss) + 4)}" text-anchor="end">${Number(loss.toPrecision(6))}</text>`,
    ]),
    `<rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left}" height="${plot.bottom - plot.top}" fill="none" stroke="#888"/>`,
    `<polyline points="${line(losses)}" fill="none" stroke="#b8c4d6"/>`,
    `<polyline points="${line(smoothed)}" fill="none" stroke="#1f5fa8" stroke-width="2.5"/>`,
    ...upright(least, '#b3402a', `least smoothed loss at ${least.toPrecision(2)}`, 0),
    ...(suggested !== null && suggested >= (rates[0] as number)
      ? upright(suggested, '#2a7d3c', `suggested: ${suggested}`, 1)
      : []),
    `<text x="${(plot.left + plot.right) / 2}" y="${height - 12}" text-anchor="middle">learning rate</text>`,
    '</svg>',
    '',
  ].join('\n');
}
