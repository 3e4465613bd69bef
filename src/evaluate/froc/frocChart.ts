import { type Html, html } from '../../runtime/index.js';
import { FROC_RATES, type Froc } from '../../score/index.js';
import { NOTICE } from '../segment/scanResult.js';

const [WIDTH, HEIGHT] = [640, 440];
const AREA = { left: 66, right: 24, top: 64, bottom: 76 };
const [WIDE, TALL] = [WIDTH - AREA.left - AREA.right, HEIGHT - AREA.top - AREA.bottom];
const BOTTOM = AREA.top + TALL;
/** Steps per octave of the line between two operating points, which is curved on this axis. */
const STEPS = 32;

const STYLE = `text{font:12px 'DejaVu Sans',Verdana,sans-serif;fill:#1f2428}.title{font-size:17px}.soft{fill:#57606a}
.grid{stroke:#dfe4e8;fill:none}.axis{stroke:#1f2428;fill:none}.band{fill:#0072b2;opacity:.18}
.curve{stroke:#0072b2;stroke-width:2;fill:none;stroke-linejoin:round}.point{fill:#0072b2;stroke:#fff;stroke-width:1.2}`;

/** Draws the curve as a self-contained SVG: log2 of the false positives per scan, 95 % band, the seven rates. */
export function frocChart(froc: Froc): string {
  const { sensitivities, band, curve, cpm, cpmInterval, scans, nodules } = froc;
  const range = cpmInterval && ` (95 % ${cpmInterval.low.toFixed(3)} to ${cpmInterval.high.toFixed(3)})`;
  const title = cpm === null ? 'FROC: no nodules' : `FROC, CPM ${cpm.toFixed(3)}${range ?? ''}`;
  const subtitle = `${count(scans, 'scan')}, ${count(nodules, 'nodule')}${band === null ? ', no interval' : ''}`;
  const columns = FROC_RATES.map(
    (rate) => html`<path class="grid" d="M${placeX(rate)} ${AREA.top}v${TALL}"/>
<text x="${placeX(rate)}" y="${BOTTOM + 20}" text-anchor="middle">${rate < 1 ? `1/${1 / rate}` : rate}</text>
`,
  );
  const rows = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (share) => html`<path class="grid" d="M${AREA.left} ${placeY(share)}h${WIDE}"/>
<text x="${AREA.left - 9}" y="${placeY(share) + 4}" text-anchor="end">${share.toFixed(1)}</text>
`,
  );
  const middle = AREA.top + TALL / 2;
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" \
height="${HEIGHT}" role="img" aria-label="${title}; ${subtitle}">
<style>${STYLE}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text class="title" x="${AREA.left}" y="28">${title}</text>
<text class="soft" x="${AREA.left}" y="48">${subtitle}</text>
${columns}${rows}${band === null ? '' : drawBand(band)}
<path class="axis" d="M${AREA.left} ${AREA.top}v${TALL}h${WIDE}"/>
${cpm === null ? '' : drawCurve(curve)}
${sensitivities.map(drawPoint)}
<text x="${AREA.left + WIDE / 2}" y="${BOTTOM + 42}" text-anchor="middle">false positives per scan</text>
<text x="18" y="${middle}" text-anchor="middle" transform="rotate(-90 18 ${middle})">sensitivity</text>
<text class="soft" x="${WIDTH - AREA.right}" y="${HEIGHT - 10}" text-anchor="end">${NOTICE}</text>
</svg>
`.text;
}

const count = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;

function placeX(falsePerScan: number): number {
  const share = (Math.log2(falsePerScan) + 3) / 6;
  return round(AREA.left + share * WIDE);
}

function placeY(sensitivity: number): number {
  return round(BOTTOM - sensitivity * TALL);
}

const round = (value: number): number => Number(value.toFixed(1));

function drawBand(band: NonNullable<Froc['band']>): Html {
  const upper = band.map(({ falsePerScan, high }) => `${placeX(falsePerScan)} ${placeY(high)}`);
  const lower = band.map(({ falsePerScan, low }) => `${placeX(falsePerScan)} ${placeY(low)}`).reverse();
  return html`<path class="band" d="M${[...upper, ...lower].join('L')}Z"/>`;
}

function drawPoint({ falsePerScan, sensitivity, interval }: Froc['sensitivities'][number]): Html {
  if (sensitivity === null) return html``;
  const range = interval === null ? '' : ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`;
  return html`<circle class="point" cx="${placeX(falsePerScan)}" cy="${placeY(sensitivity)}" r="4.5">\
<title>${falsePerScan} per scan: ${sensitivity.toFixed(3)}${range}</title></circle>
`;
}

/** Draws the operating points between 1/8 and 8, and the straight lines between them, which this axis bends. */
function drawCurve(curve: Froc['curve']): Html {
  const [first, last] = [FROC_RATES[0], FROC_RATES.at(-1)!];
  const places: string[] = [];
  const add = (rate: number, sensitivity: number) => {
    const place = `${placeX(rate)} ${placeY(sensitivity)}`;
    // Thousands of points fall on the same tenth of a pixel.
    if (place !== places.at(-1)) places.push(place);
  };
  let [lastRate, lastSensitivity] = [0, 0];
  for (const { falsePerScan: rate, sensitivity } of [...curve, { falsePerScan: last, sensitivity: null }]) {
    const value = sensitivity ?? lastSensitivity;
    const at = (x: number) => lastSensitivity + ((value - lastSensitivity) * (x - lastRate)) / (rate - lastRate);
    const [from, to] = [Math.max(lastRate, first), Math.min(rate, last)];
    if (from < to) {
      const steps = Math.ceil(Math.log2(to / from) * STEPS);
      for (let n = 0; n <= steps; n++) {
        const x = from * (to / from) ** (n / steps);
        add(x, at(x));
      }
    } else if (rate >= first && rate <= last) add(rate, value);
    if (rate >= last) break;
    [lastRate, lastSensitivity] = [rate, value];
  }
  return html`<path class="curve" d="M${places.join('L')}"/>`;
}
