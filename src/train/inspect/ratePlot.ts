import type { RateFinding } from './findLearningRate.js';
import { ticks } from './ticks.js';

const [WIDTH, HEIGHT] = [720, 420];
const PLOT = { left: 64, right: 696, top: 44, bottom: 364 };

/**
 * Draws a range test as SVG: raw and smoothed loss over the learning rate (logarithmic), with the lowest loss and the
 * suggested rate.
 */
export function ratePlot({ rates, losses, smoothed, least, suggested, diverged }: RateFinding): string {
  const [from, to] = [Math.log10(rates[0] as number), Math.log10(rates.at(-1) as number)];
  const shown = [...losses, ...smoothed];
  const pad = 0.05 * (Math.max(...shown) - Math.min(...shown) || 1);
  const [low, high] = [Math.min(...shown) - pad, Math.max(...shown) + pad];
  const x = (rate: number) => PLOT.left + ((Math.log10(rate) - from) / (to - from)) * (PLOT.right - PLOT.left);
  const y = (loss: number) => PLOT.bottom - ((loss - low) / (high - low)) * (PLOT.bottom - PLOT.top);
  const at = (value: number) => value.toFixed(1);
  const line = (values: readonly number[]) =>
    values.map((value, i) => `${at(x(rates[i] as number))},${at(y(value))}`).join(' ');
  const lossTicks = ticks(low, high, 5).filter((loss) => loss >= low && loss <= high);
  const decades = Array.from({ length: Math.floor(to) - Math.ceil(from) + 1 }, (_, i) => Math.ceil(from) + i);
  const svgLine = (x1: number, y1: number, x2: number, y2: number, style: string) =>
    `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" ${style}/>`;
  const markRate = (rate: number, color: string, text: string, row: number) => {
    // Labels in the right half end at their line, so that they stay inside the picture.
    const anchor = x(rate) > (PLOT.left + PLOT.right) / 2 ? 'end' : 'start';
    const beside = x(rate) + (anchor === 'end' ? -6 : 6);
    const top = PLOT.top + 16 + 18 * row;
    return [
      svgLine(x(rate), PLOT.top, x(rate), PLOT.bottom, `stroke="${color}" stroke-dasharray="5 4"`),
      `<text x="${at(beside)}" y="${top}" fill="${color}" text-anchor="${anchor}">${text}</text>`,
    ];
  };
  const [plotWidth, plotHeight] = [PLOT.right - PLOT.left, PLOT.bottom - PLOT.top];
  const title = `Loss of crops with a nodule over the learning rate, ${rates.length} steps`;
  const note = diverged ? '' : ' (the loss did not diverge)';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${PLOT.left}" y="24" font-size="15">${title}${note}</text>`,
    ...decades.flatMap((decade) => [
      svgLine(x(10 ** decade), PLOT.top, x(10 ** decade), PLOT.bottom, 'stroke="#e4e4e4"'),
      `<text x="${at(x(10 ** decade))}" y="${PLOT.bottom + 20}" text-anchor="middle">1e${decade}</text>`,
    ]),
    ...lossTicks.flatMap((loss) => [
      svgLine(PLOT.left, y(loss), PLOT.right, y(loss), 'stroke="#e4e4e4"'),
      `<text x="${PLOT.left - 8}" y="${at(y(loss) + 4)}" text-anchor="end">${Number(loss.toPrecision(6))}</text>`,
    ]),
    `<rect x="${PLOT.left}" y="${PLOT.top}" width="${plotWidth}" height="${plotHeight}" fill="none" stroke="#888"/>`,
    `<polyline points="${line(losses)}" fill="none" stroke="#b8c4d6"/>`,
    `<polyline points="${line(smoothed)}" fill="none" stroke="#1f5fa8" stroke-width="2.5"/>`,
    ...markRate(least, '#b3402a', `lowest smoothed loss at ${least.toPrecision(2)}`, 0),
    ...(suggested !== null && suggested >= (rates[0] as number)
      ? markRate(suggested, '#2a7d3c', `suggested: ${suggested}`, 1)
      : []),
    `<text x="${PLOT.left + plotWidth / 2}" y="${HEIGHT - 12}" text-anchor="middle">learning rate</text>`,
    '</svg>',
    '',
  ].join('\n');
}
