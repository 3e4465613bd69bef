import { type Html, html } from '../../runtime/index.js';
import { ticks, tickText } from '../../train/index.js';

export interface Line {
  name: string;
  /** Null where there is no value. */
  points: readonly { x: number; y: number | null }[];
}

export interface LineChart {
  title: string;
  xLabel: string;
  yLabel: string;
  lines: readonly Line[];
  /** The axis begins at 0; else at the least value. */
  fromZero?: boolean;
  /** What the axis reaches at least. */
  top?: number;
  /** A place on the x axis to point out. */
  mark?: { x: number; name: string } | null;
}

const [width, height] = [380, 230];
const area = { right: 12, top: 16, bottom: 42 };

const short = (value: number) => Number(value.toPrecision(4)).toString();
const at = (value: number) => Number(value.toFixed(1));

/** Lines over whole numbers (epochs) as inline SVG with axes, grid and legend; each value is told on its point. */
export function lineChart({ title, xLabel, yLabel, lines, fromZero = true, top, mark }: LineChart): Html {
  const shown = lines.map((line) => ({ ...line, points: line.points.filter(({ y }) => y !== null) as Point[] }));
  const points = shown.flatMap((line) => line.points);
  if (points.length === 0)
    return html`<section class="chart"><h3>${title}</h3><p class="soft">Nothing was recorded.</p></section>`;
  const ys = points.map(({ y }) => y);
  const xs = lines.flatMap((line) => line.points.map(({ x }) => x));
  const yTicks = ticks(fromZero ? 0 : Math.min(...ys), Math.max(...ys, top ?? Number.NEGATIVE_INFINITY));
  const [firstX, lastX] = [Math.min(...xs), Math.max(...xs)];
  const xTicks = ticks(firstX, Math.max(lastX, firstX + 1), 6, 1).filter((x) => x >= firstX && x <= lastX);
  const [low, high] = [yTicks[0]!, yTicks.at(-1)!];
  // The axis' name, then the widest number at about 6.5 units a digit.
  const left = 34 + 6.5 * Math.max(...yTicks.map((y) => tickText(y, yTicks).length));
  const [wide, tall] = [width - left - area.right, height - area.top - area.bottom];
  const placeX = (x: number) => at(left + (lastX === firstX ? wide / 2 : ((x - firstX) / (lastX - firstX)) * wide));
  const placeY = (y: number) => at(area.top + (1 - (y - low) / (high - low)) * tall);
  const bottom = area.top + tall;
  const middle = area.top + tall / 2;
  return html`<section class="chart"><h3>${title}</h3>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}, ${yLabel} by ${xLabel}">
${yTicks.map((y) => html`<path class="grid" d="M${left} ${placeY(y)}h${wide}"/><text x="${left - 6}" y="${placeY(y) + 4}" text-anchor="end">${tickText(y, yTicks)}</text>`)}
${xTicks.map((x) => html`<path class="axis" d="M${placeX(x)} ${bottom}v4"/><text x="${placeX(x)}" y="${bottom + 17}" text-anchor="middle">${x}</text>`)}
<path class="axis" d="M${left} ${area.top}v${tall}h${wide}"/>
<text class="label" x="${left + wide / 2}" y="${height - 5}" text-anchor="middle">${xLabel}</text>
<text class="label" x="13" y="${middle}" text-anchor="middle" transform="rotate(-90 13 ${middle})">${yLabel}</text>
${mark ? markAt(placeX(mark.x), bottom, mark.name) : ''}${shown.map((line, n) => drawn(line, n, placeX, placeY, xLabel))}
</svg>${lines.length > 1 ? legend(lines) : ''}</section>`;
}

interface Point {
  x: number;
  y: number;
}

const markAt = (x: number, bottom: number, name: string) =>
  html`<path class="mark" d="M${x} ${area.top}V${bottom}"/><text x="${x}" y="${area.top - 5}" text-anchor="${x > width - 60 ? 'end' : 'middle'}">${name}</text>`;

function drawn(
  { name, points }: { name: string; points: readonly Point[] },
  n: number,
  placeX: (x: number) => number,
  placeY: (y: number) => number,
  xLabel: string,
): Html {
  const path = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${placeX(x)} ${placeY(y)}`).join('');
  // Where there are hundreds of epochs, points would hide the line.
  const dots = points.length > 80 ? [] : points;
  return html`<path class="line s${n}" d="${path}"/>${dots.map(
    ({ x, y }) =>
      html`<circle class="s${n}" cx="${placeX(x)}" cy="${placeY(y)}" r="3.2"><title>${xLabel} ${x}, ${name}: ${short(y)}</title></circle>`,
  )}
`;
}

const legend = (lines: readonly Line[]) =>
  html`<div class="legend">${lines.map(
    ({ name }, n) =>
      html`<span><svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><path class="line s${n}" d="M1 5h24"/><circle class="s${n}" cx="13" cy="5" r="3.2"/></svg>${name}</span>`,
  )}</div>`;
