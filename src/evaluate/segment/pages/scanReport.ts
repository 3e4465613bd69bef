import { encode } from 'fast-png';
import { displayRange, type RgbImage } from '../../../ct/index.js';
import type { Nodule } from '../../../model/index.js';
import { figure, type Html, html, htmlPage } from '../../../runtime/index.js';
import { displayValue } from '../../report/configSection.js';
import { coordinate, countBox, DASH, fixed, plural } from '../../report/formatNumbers.js';
import { PRINT_STYLE } from '../../report/printStyle.js';
import { table } from '../../report/table.js';
import type { ScanResult } from '../scanResult.js';
import { middleSlice } from './middleSlice.js';
import {
  axesText,
  countText,
  huText,
  largestNodule,
  meanAxisMm,
  pleuraText,
  slicesText,
  volumeText,
} from './noduleText.js';
import { NODULE_COLOURS, noduleViews } from './noduleViews.js';
import { type Overview, scanOverview } from './scanOverview.js';

/** Limits of the page: nodules with pictures, and rows of the table; those with the highest scores. */
export const [MAX_CARDS, MAX_ROWS] = [20, 400];
/** Pixels. */
const [SIDE, OVERVIEW_BOX] = [256, [440, 380]] as const;

const css = (colour: readonly number[]) => `rgb(${colour.join(' ')})`;
const STYLE = `
:root{--link:#1660c4;--mark:#ffc628}@media(prefers-color-scheme:dark){:root{--link:#7db4ff}}
a{color:var(--link)}h1{line-height:1.3}.series{overflow-wrap:anywhere;font-size:1.05rem;font-weight:500}p{max-width:56rem}
.notice{display:inline-block;margin:.2rem 0 .9rem;padding:.25rem .7rem;border:1px solid var(--warning);border-radius:.5rem;color:var(--warning);font-weight:600}
.overview{display:flex;flex-wrap:wrap;gap:.9rem}.overview figure{flex:1 1 18rem;max-width:27.5rem}
.overview svg{display:block;width:100%;height:auto;background:#000;border-radius:.25rem}
.overview circle{fill:none;stroke:var(--mark);stroke-width:1.8}.overview a:focus circle,.overview a:hover circle{stroke:#fff}
.overview text{font:600 14px system-ui,sans-serif;fill:var(--mark);stroke:#000;stroke-width:3px;paint-order:stroke}
.overview .letter{font-size:13px;fill:#e8ecf1}
.slice figure{max-width:32rem}.slice img{max-height:none}
.nodules td,.nodules th{white-space:nowrap}.nodules th{vertical-align:bottom}
.card h3{font-size:1.05rem;display:flex;flex-wrap:wrap;gap:.1rem .8rem;align-items:baseline}
.card .pictures{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));max-width:52rem}.card figure{max-width:none}
.body{display:grid;grid-template-columns:minmax(0,3fr) minmax(15rem,1fr);gap:.4rem 1.2rem;align-items:start}
dl{display:grid;grid-template-columns:auto 1fr;gap:.15rem .9rem;margin:.6rem 0 0;font-size:13px}
dt{color:var(--soft)}dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:13px;color:var(--soft)}
.key i{display:inline-block;width:1.4rem;height:.28rem;border-radius:.1rem;margin-right:.4rem;vertical-align:middle;outline:1px solid #0006}
td.value{overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:12px}.nowrap{white-space:nowrap}
.files{columns:18rem;padding-left:1.2rem;margin:.3rem 0}.files li{break-inside:avoid}
@media(max-width:48rem){.body{grid-template-columns:minmax(0,1fr)}}
@media(max-width:36rem){body{padding:.7rem}.card{padding:.6rem}.counts{gap:.5rem}.counts div{padding:.4rem .7rem;flex:1 1 8rem}
.card .pictures{grid-template-columns:1fr 1fr}.card figure:first-child{grid-column:1/3}.card figure img{max-height:none}}
${PRINT_STYLE}
@media print{@page{size:A4;margin:14mm}:root{--link:#1660c4}.nodules table{font-size:9px}.nodules th,.nodules td{padding:.15rem .25rem}
.wide{overflow:visible}p{break-inside:avoid}.card{padding:.6rem;margin:.6rem 0}
.body{grid-template-columns:minmax(0,2fr) minmax(0,1fr);gap:.4rem 1rem}.card dl{margin-top:.5rem;gap:.05rem .6rem;font-size:10.5px}
.overview figure{flex:1 1 0}}`;

/** What the files beside the page are, by their names. */
const FILES: Record<string, string> = {
  'nodules.json': 'all measurements, with provenance',
  'nodules.csv': 'measurements as a table',
  'seg.dcm': 'DICOM segmentation, one segment per nodule',
  'sr.dcm': 'DICOM structured report (TID 1500)',
  'nodules.png': 'pictures of the nodules',
  'segment.log.jsonl': 'log of the run',
};

/**
 * Renders the report of a segmented scan as one page without scripts and external resources. It names no attribute of
 * the patient, and of the source only the last part of its path.
 * @param files names of the files beside the page, which it links
 */
export function scanReport(result: ScanResult, files: readonly string[] = []): string {
  const { scan, nodules, notes, provenance } = result;
  const title = `${countText(nodules.length)} in ${scan.uid}`;
  return htmlPage(
    title,
    html`<h1>${countText(nodules.length)} <span class="soft">in series</span> <span class="series">${scan.uid}</span></h1>
<p class="notice">${provenance.notice}</p>
${summary(result)}
<main>
<h2>${nodules.length === 0 ? 'Overview' : 'Where they are'}</h2>
${overviewSection(result)}
${nodules.length === 0 ? html`<h2>Middle slice</h2>${middleFigure(result)}` : nodulesSections(result)}
${notes.length === 0 ? '' : html`<h2>Notes</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<h2>How it was made</h2>
${provenanceTable(result)}
${files.length === 0 ? '' : html`<h2>Files</h2>${fileList(files)}`}
</main>
<p class="soft">${provenance.notice}.</p>`,
    STYLE,
  );
}

function summary({ scan, nodules }: ScanResult): Html {
  const largest = largestNodule(nodules);
  const counts = [countBox(nodules.length, nodules.length === 1 ? 'nodule' : 'nodules')];
  if (largest !== null) {
    const mean = meanAxisMm(largest);
    counts.push(
      countBox(
        mean === null ? volumeText(largest) : `${mean} mm`,
        mean === null ? 'largest' : 'largest, mean of its axes',
      ),
    );
    counts.push(countBox(fixed(Math.max(...nodules.map(({ score }) => score))), 'highest score'));
  }
  const [slices, rows, columns] = scan.shape;
  counts.push(countBox(slices, slices === 1 ? 'slice' : 'slices'));
  const spacing =
    scan.spacing === null ? 'unknown spacing' : `${scan.spacing.map((mm) => mm.toFixed(2)).join(' × ')} mm`;
  const size = `The scan has ${slices} × ${rows} × ${columns} voxels (slices, rows, columns) of ${spacing}.`;
  return html`<div class="counts">${counts}</div>
<p>${largest === null ? 'The model found nothing above its operating point.' : describeLargest(largest)}
<span class="soft">${size}</span></p>`;
}

function describeLargest(nodule: Nodule): Html {
  const parts = [
    meanAxisMm(nodule) === null ? volumeText(nodule) : `${axesText(nodule)}, ${volumeText(nodule)}`,
    ...(nodule.texture === null ? [] : [nodule.texture]),
    `slice ${nodule.axes.slice}`,
  ];
  return html`The largest is nodule ${nodule.number}: ${parts.join(', ')}.`;
}

function overviewSection({ scan, nodules }: ScanResult): Html {
  const shown = nodules.slice(0, MAX_CARDS);
  const all = nodules.length > MAX_CARDS ? `The ${MAX_CARDS} nodules with the highest scores are marked. ` : '';
  const text =
    nodules.length === 0 ? '' : `${all}A circle is a little larger than its nodule; its number leads to the details.`;
  return html`<p class="soft">Mean of all voxels along the line of sight, as in a radiograph. ${text}</p>
<div class="overview">${scanOverview(scan, shown, OVERVIEW_BOX).map(overviewFigure)}</div>`;
}

function overviewFigure({ name, image, marks, letters }: Overview): Html {
  const { width, height } = image;
  const drawn = marks.map(({ number, x, y, radius, label: at }) => {
    const text = at === null ? '' : html`<text x="${coordinate(at.x)}" y="${coordinate(at.y + 5)}">${number}</text>`;
    return html`<a href="#nodule-${number}" aria-label="nodule ${number}"><circle cx="${coordinate(x)}" cy="${coordinate(y)}" r="${coordinate(radius)}"/>${text}</a>`;
  });
  const sides =
    letters === null
      ? ''
      : html`<text class="letter" x="6" y="${height / 2}">${letters.left}</text>
<text class="letter" x="${width - 6}" y="${height / 2}" text-anchor="end">${letters.right}</text>`;
  const label =
    marks.length === 0
      ? `${name} view of the scan`
      : `${name} view of the scan with marks at ${plural(marks.length, 'nodule')}`;
  return html`<figure><svg viewBox="0 0 ${width} ${height}" role="group" aria-label="${label}">
<image href="${pngUri(image, 1)}" width="${width}" height="${height}"/>${sides}${drawn}</svg>
<figcaption>${name}</figcaption></figure>`;
}

function middleFigure(result: ScanResult): Html {
  const { image, name } = middleSlice(result.scan, 512);
  return html`<div class="slice">${figure(png(image, 1), name, `${name} of the scan, without nodules`)}</div>`;
}

function nodulesSections(result: ScanResult): Html {
  const { scan, nodules } = result;
  const shown = Math.min(MAX_CARDS, nodules.length);
  const range = displayRange(scan);
  const cards = Array.from({ length: shown }, (_, n) => noduleCard(result, n, range));
  const hidden = nodules.length - shown;
  const more = html`<p>${plural(hidden, 'nodule')} with lower scores ${hidden === 1 ? 'has' : 'have'} no pictures here.</p>`;
  const swatch = (name: keyof typeof NODULE_COLOURS, text: string) =>
    html`<span><i style="background:${css(NODULE_COLOURS[name])}"></i>${text}</span>`;
  const others = nodules.length > 1 ? swatch('others', 'other nodules') : '';
  return html`<h2>Measurements</h2>
${noduleTable(nodules)}
<p class="soft">Sorted by score, the mean probability over the voxels of a nodule; it is not the probability of a cancer.
Axes: largest extent in one slice, and the largest one across it there. Mean: of both axes, in whole mm. Slices are
counted from 0, positions are in LPS mm.</p>
<h2>Nodules</h2>
<p class="key">${swatch('outline', 'nodule')}${swatch('long', 'long axis')}${swatch('short', 'short axis')}${others}</p>
${cards}
${hidden === 0 ? '' : more}`;
}

const COLUMNS = [
  { title: 'no.', kind: 'number' },
  { title: 'score', kind: 'number' },
  { title: 'long × short' },
  { title: 'mean, mm', kind: 'number' },
  { title: 'volume', kind: 'number' },
  { title: '3D, mm', kind: 'number' },
  { title: 'mean ± SD' },
  { title: 'texture' },
  { title: 'pleura' },
  { title: 'slices', kind: 'number' },
  { title: 'centre x, y, z' },
] as const;

function noduleTable(nodules: readonly Nodule[]): Html {
  const rows = nodules
    .slice(0, MAX_ROWS)
    .map((nodule, n) => [
      n < MAX_CARDS ? html`<a href="#nodule-${nodule.number}">${nodule.number}</a>` : nodule.number,
      nodule.score.toFixed(2),
      axesText(nodule),
      meanAxisMm(nodule) ?? DASH,
      volumeText(nodule),
      fixed(nodule.diameter3dMm, 1),
      huText(nodule),
      nodule.texture ?? DASH,
      pleuraText(nodule),
      slicesText(nodule),
      centerText(nodule),
    ]);
  const hidden = nodules.length - rows.length;
  return html`<div class="nodules">${table(COLUMNS, rows)}</div>
${hidden > 0 ? html`<p class="soft">Not in the table: ${plural(hidden, 'nodule')} with lower scores.</p>` : ''}`;
}

const minus = (text: string) => text.replaceAll('-', '−');

function centerText({ center }: Nodule): string {
  return center === null ? DASH : minus(center.map((mm) => mm.toFixed(1)).join(', '));
}

function noduleCard(result: ScanResult, n: number, range: ReturnType<typeof displayRange>): Html {
  const nodule = result.nodules[n]!;
  const views = noduleViews(result, n, SIDE, range);
  const mean = meanAxisMm(nodule);
  const pictures = views.map(({ image, name, axis, index }, at) => {
    const caption = axis === name ? `${axis} ${index}` : `${name}, ${axis} ${index}`;
    return figure(
      png(image, 3),
      caption,
      `Nodule ${nodule.number}, ${caption}, with its outline${at === 0 ? ' and both axes' : ''}`,
    );
  });
  const rows: [string, string][] = [
    ['axes', axesText(nodule)],
    ['mean of axes', mean === null ? DASH : `${mean} mm`],
    ['volume', volumeText(nodule)],
    ['voxels', nodule.voxels.toLocaleString('en')],
    ['3D diameter', nodule.diameter3dMm === null ? DASH : `${nodule.diameter3dMm.toFixed(1)} mm`],
    ['mean ± SD', huText(nodule)],
    ['solid voxels', nodule.solidShare === null ? DASH : `${Math.round(100 * nodule.solidShare)} %`],
    ['pleura', pleuraText(nodule)],
    ['slices', slicesText(nodule)],
    ['centre, LPS mm', centerText(nodule)],
    ['centre, index', nodule.centerIndex.map((place) => place.toFixed(1)).join(', ')],
  ];
  const size = mean === null ? volumeText(nodule) : `${mean} mm`;
  return html`<section class="card" id="nodule-${nodule.number}"><h3>Nodule ${nodule.number}
<span>${size}${nodule.texture === null ? '' : `, ${nodule.texture}`}</span><span class="soft">score ${nodule.score.toFixed(2)}</span></h3>
<div class="body"><div class="pictures">${pictures}</div>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></div></section>\n`;
}

function provenanceTable({ source, scan, provenance }: ScanResult): Html {
  const { software, version, libtorch, device, models, operatingPoint, options, key } = provenance;
  const point = Object.entries(operatingPoint).map(([name, value]) => `${name} ${value}`);
  const rows: [string, string][] = [
    // The folder of a DICOM series is often named after the patient.
    ...(source !== null && source.series === undefined ? [['source', lastPart(source.path)] as [string, string]] : []),
    ['series', source?.series ?? scan.uid],
    ['software', `${software} ${version}, libtorch ${libtorch}`],
    ['device', device],
    ...models.map(({ name, sha256 }, n): [string, string] => [
      models.length === 1 ? 'model' : `model ${n + 1}`,
      `${lastPart(name)}, SHA-256 ${sha256}`,
    ]),
    ['operating point', point.join(', ')],
    ...Object.entries(options).map(([name, value]): [string, string] => [name, displayValue(name, value)]),
    ['key of the result', key],
  ];
  const columns = [
    { title: '', kind: 'nowrap' },
    { title: '', kind: 'value' },
  ] as const;
  return table(columns, rows);
}

/** The name at the end of a path, of this or another system: folders may be named after a patient. */
function lastPart(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? '';
}

function fileList(files: readonly string[]): Html {
  const items = files.map((name) => {
    const text = FILES[name] ?? describeImage(name);
    const href = name.split('/').map(encodeURIComponent).join('/');
    return html`<li><a href="./${href}">${name}</a>${text === '' ? '' : html` <span class="soft">${text}</span>`}</li>`;
  });
  return html`<ul class="files">${items}</ul>`;
}

function describeImage(name: string): string {
  if (name.startsWith('labels.')) return 'numbers of the nodules on the grid of the scan';
  return name.startsWith('probabilities.') ? 'probabilities on the grid of the scan' : '';
}

/** @param channels 1 for a picture without colours */
function png({ width, height, rgb }: RgbImage, channels: 1 | 3): Uint8Array {
  const data = channels === 3 ? rgb : rgb.filter((_, at) => at % 3 === 0);
  return encode({ width, height, data, channels, depth: 8 });
}

function pngUri(image: RgbImage, channels: 1 | 3): string {
  return `data:image/png;base64,${Buffer.from(png(image, channels)).toString('base64')}`;
}
