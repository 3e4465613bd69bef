import { fontFamily, fontSize, ink, paper } from './style.mjs';

/** A number as SVG needs it: two decimals at most, so that the last bits of a sum never reach the file. */
const short = (value) => (typeof value === 'number' ? String(Math.round(value * 100) / 100) : value);

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One element; `strokeWidth` becomes stroke-width, as all names do but viewBox. */
export const element = (name, attributes, content) => {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key === 'viewBox' ? key : key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}="${short(value)}"`,
    )
    .join('');
  return content === undefined ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
};

export const text = (x, y, content, attributes = {}) => element('text', { x, y, ...attributes }, escaped(content));

export const rect = (x, y, width, height, attributes = {}) => element('rect', { x, y, width, height, ...attributes });

export const segment = (x1, y1, x2, y2, attributes = {}) =>
  element('line', { x1, y1, x2, y2, stroke: ink, ...attributes });

/** @param {readonly (readonly [number, number])[]} points */
export const polyline = (points, attributes = {}) =>
  element('polyline', {
    points: points.map(([x, y]) => `${short(x)},${short(y)}`).join(' '),
    fill: 'none',
    strokeLinejoin: 'round',
    ...attributes,
  });

/** A straight arrow with a solid head. */
export const arrow = (x1, y1, x2, y2, colour, attributes = {}) => {
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [head, half] = [8, 4];
  const [bx, by] = [x2 - head * dx, y2 - head * dy];
  const tip = [
    [x2, y2],
    [bx - half * dy, by + half * dx],
    [bx + half * dy, by - half * dx],
  ];
  return (
    segment(x1, y1, bx, by, { stroke: colour, strokeWidth: 2, ...attributes }) +
    element('polygon', { points: tip.map(([x, y]) => `${short(x)},${short(y)}`).join(' '), fill: colour })
  );
};

/**
 * The squares of the voxels that `is` holds of, as one path: a rectangle for each run along a row.
 * @param {(row: number, column: number) => boolean} is
 */
export const cells = (is, rows, columns, size, attributes) => {
  let d = '';
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (!is(row, column)) continue;
      const start = column;
      while (column + 1 < columns && is(row, column + 1)) column++;
      d += `M${start * size} ${row * size}h${(column + 1 - start) * size}v${size}h${(start - column - 1) * size}z`;
    }
  }
  return element('path', { d, shapeRendering: 'crispEdges', ...attributes });
};

/** The outline along the voxels' sides of the set that `is` holds of. */
export const outline = (is, rows, columns, size, attributes) => {
  let d = '';
  const inside = (row, column) => row >= 0 && column >= 0 && row < rows && column < columns && is(row, column);
  for (let row = 0; row <= rows; row++)
    for (let column = 0; column <= columns; column++) {
      const here = inside(row, column);
      if (here !== inside(row - 1, column)) d += `M${column * size} ${row * size}h${size}`;
      if (here !== inside(row, column - 1)) d += `M${column * size} ${row * size}v${size}`;
    }
  return element('path', { d, fill: 'none', strokeLinecap: 'square', ...attributes });
};

/**
 * A whole picture on white, 800 units wide, with a title that is drawn and a description that is read aloud.
 * @param {{ title: string, description: string, height: number, parts: readonly string[] }} picture
 */
export const svgPicture = ({ title, description, height, parts }) => {
  const content = [
    element('title', {}, escaped(title)),
    element('desc', {}, escaped(description)),
    rect(0, 0, 800, height, { fill: paper }),
    text(24, 36, title, { fontSize: fontSize.title }),
    ...parts,
  ];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 800 ${height}`,
    width: 800,
    height,
    role: 'img',
    fontFamily,
    fontSize: fontSize.body,
    fill: ink,
  };
  return `${element('svg', attributes, `\n${content.join('\n')}\n`)}\n`;
};
