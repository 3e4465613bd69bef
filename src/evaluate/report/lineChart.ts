import { type Html, html } from '../../runtime/index.js';
import { ticks, tickText } from '../../train/index.js';
import { coordinate } from './formatNumbers.js';

export interface Line {
  name: string;
  /** Null if there is no value. */
  points: readonly { x: number; y: number | null }[];
}

export interface LineChart {
  title: string;
  xLabel: string;
  yLabel: string;
  lines: readonly Line[];
  /** Whether the y axis starts at 0 (default) or at the lowest value. */
  fromZero?: boolean;
  /** The y axis reaches at least this value. */
  top?: number;
  /** Marks a value of x. */
  mark?: { x: number; name: string } | null;
}

const [WIDTH, HEIGHT] = [380, 230];
const AREA = { right: 12, top: 16, bottom: 42 };
/** With more points per line, the circles would hide the line. */
const MAX_CIRCLES = 80;

/** Draws lines over whole numbers (epochs) as inline SVG with axes, grid and legend; tooltips give the values. */
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
  // Space for the label of the axis and for the widest number, at about 6.5 units a digit.
  const left = 34 + 6.5 * Math.max(...yTicks.map((y) => tickText(y, yTicks).length));
  const [wide, tall] = [WIDTH - left - AREA.right, HEIGHT - AREA.top - AREA.bottom];
  const placeX = (x: number) =>
    coordinate(left + (lastX === firstX ? wide / 2 : ((x - firstX) / (lastX - firstX)) * wide));
  const placeY = (y: number) => coordinate(AREA.top + (1 - (y - low) / (high - low)) * tall);
  const bottom = AREA.top + tall;
  const yGrid = yTicks.map(
    (y) => html`<path class="grid" d="M${left} ${placeY(y)}h${wide}"/>
<text x="${left - 6}" y="${placeY(y) + 4}" text-anchor="end">${tickText(y, yTicks)}</text>`,
  );
  const xAxis = xTicks.map(
    (x) => html`<path class="axis" d="M${placeX(x)} ${bottom}v4"/>
<text x="${placeX(x)}" y="${bottom + 17}" text-anchor="middle">${x}</text>`,
  );
  return html`<section class="chart"><h3>${title}</h3>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}, ${yLabel} by ${xLabel}">
${yGrid}
${xAxis}
<path class="axis" d="M${left} ${AREA.top}v${tall}h${wide}"/>
<text class="label" x="${left + wide / 2}" y="${HEIGHT - 5}" text-anchor="middle">${xLabel}</text>
${rotatedLabel(AREA.top + tall / 2, yLabel)}
${mark ? drawMark(placeX(mark.x), left, bottom, mark.name) : ''}
${shown.map((line, n) => drawLine(line, n, placeX, placeY, xLabel))}
</svg>${lines.length > 1 ? legend(lines) : ''}</section>`;
}

interface Point {
  x: number;
  y: number;
}

/** Draws the label of a y axis at the left edge, centred at `y`. */
export function rotatedLabel(y: number, text: string): Html {
  return html`<text class="label" x="13" y="${y}" text-anchor="middle" transform="rotate(-90 13 ${y})">${text}</text>`;
}

/** Draws a vertical line; its name stays within the picture and off the numbers of the y axis. */
function drawMark(x: number, left: number, bottom: number, name: string): Html {
  const anchor = x < left + 20 ? 'start' : x > WIDTH - 60 ? 'end' : 'middle';
  return html`<path class="mark" d="M${x} ${AREA.top}V${bottom}"/>
<text x="${x}" y="${AREA.top - 5}" text-anchor="${anchor}">${name}</text>`;
}

function drawLine(
  { name, points }: { name: string; points: readonly Point[] },
  n: number,
  placeX: (x: number) => number,
  placeY: (y: number) => number,
  xLabel: string,
): Html {
  const path = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${placeX(x)} ${placeY(y)}`).join('');
  const circles = (points.length > MAX_CIRCLES ? [] : points).map(
    ({ x, y }) => html`<circle class="s${n}" cx="${placeX(x)}" cy="${placeY(y)}" r="3.2">
<title>${xLabel} ${x}, ${name}: ${Number(y.toPrecision(4))}</title></circle>`,
  );
  return html`<path class="line s${n}" d="${path}"/>${circles}`;
}

function legend(lines: readonly Line[]): Html {
  const entries = lines.map(
    ({ name }, n) => html`<span><svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true">
<path class="line s${n}" d="M1 5h24"/><circle class="s${n}" cx="13" cy="5" r="3.2"/></svg>${name}</span>`,
  );
  return html`<div class="legend">${entries}</div>`;
}
