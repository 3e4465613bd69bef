import { type Html, html, htmlPage } from '../../runtime/index.js';
import type { TrainConfig } from '../../train/index.js';
import type { Figures } from '../figures.js';
import { calibrationSection } from './calibrationSection.js';
import { configSection } from './configSection.js';
import { curvesSection, findBestEpoch } from './curves.js';
import { figuresSection, heldOutSection } from './figuresSection.js';
import { countBox, DASH, fixed, plural } from './formatNumbers.js';
import { labelsSection } from './labelsSection.js';
import { picturesSection, sizeSection } from './nodulesSection.js';
import { PRINT_STYLE } from './printStyle.js';
import type { RunHistory } from './runHistory.js';
import type { ValidationScores } from './scoreValidation.js';
import { timeSection } from './timeSection.js';

export interface ReportContents {
  /** Name of the run. */
  name: string;
  config: TrainConfig;
  manifest: Record<string, unknown> | null;
  history: RunHistory;
  /** Sentence about the scored model; may be empty. */
  model: string;
  /** Null if the scans could not be scored. */
  scores: ValidationScores | null;
  /** Why they could not be scored, as a clause with a final period. */
  missing: string | null;
  /** Figures of `score.json`, on held-out scans; a demo writes it. */
  heldOut: Figures | null;
}

const STYLE = `
:root{--s0:#1660c4;--s1:#b4460b;--grid:#e4e8ec}
@media(prefers-color-scheme:dark){:root{--s0:#7db4ff;--s1:#ffa366;--grid:#2b3138}}
p{max-width:56rem}sub{line-height:0}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:.8rem 0}nav a{color:var(--s0)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:.9rem}
.chart{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.7rem}
.chart>svg{display:block;width:100%;height:auto;max-width:34rem}
svg text{font:11.5px system-ui,sans-serif;fill:var(--soft)}svg .label{fill:var(--ink)}
svg .axis{fill:none;stroke:var(--soft)}svg .grid{fill:none;stroke:var(--grid)}
svg .mark,svg .ideal{fill:none;stroke:var(--soft);stroke-dasharray:4 3}
svg .line{fill:none;stroke-width:2}svg .line.s0{stroke:var(--s0)}svg .line.s1{stroke:var(--s1);stroke-dasharray:6 3}
circle.s0{fill:var(--s0)}circle.s1{fill:var(--s1)}
svg .bar{fill:var(--soft);opacity:.65}svg .range{fill:none;stroke:var(--s0);stroke-width:3}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:13px}
.legend span{display:flex;align-items:center;gap:.4rem}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:.9rem;align-items:start}
.side .chart>svg{max-width:26rem;margin:0 auto}
.nodules{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr));gap:.9rem}
.nodules .card{margin:0}.nodules .pictures{flex-wrap:nowrap}.nodules figure{min-width:0;flex:1 1 0}
h3.group{margin:1rem 0 .5rem}h4{margin:0;font-size:15px}h4 span{font-weight:400}
details{margin:.6rem 0}summary{cursor:pointer;padding:.3rem 0}.nowrap{white-space:nowrap}
td.value{overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:12px}
.fields{table-layout:fixed;min-width:34rem}.fields th{width:16%}.fields th:first-child{width:22%}
.fields th:last-child{width:46%}
.figures td{vertical-align:middle}.figures .bars{width:14rem;padding:.2rem 1.2rem}.figures svg{display:block}
.missing{border-left:4px solid var(--warning)}
@media(max-width:36rem){
.figures .bars{display:none}table{font-size:12px}th.number{white-space:normal}th,td{padding:.3rem .25rem}
th:first-child,td:first-child{padding-left:.5rem}th:last-child,td:last-child{padding-right:.5rem}
.nodules .pictures{display:grid;grid-template-columns:1fr 1fr}.nodules figure{max-width:none}
.nodules figure:first-child{grid-column:1/3;max-width:280px}}
${PRINT_STYLE}`;

/** Headings of the page by their anchors. */
const TITLES = {
  configuration: 'Configuration',
  labels: 'Labels',
  curves: 'Curves',
  figures: 'Figures and intervals',
  nodules: 'Best and worst nodules',
  sizes: 'Nodules by size',
  calibration: 'Calibration',
  time: 'Time and memory',
};

/** Renders the report as one page without external resources. Parts that could not be made name the reason instead. */
export function reportPage(contents: ReportContents): string {
  const { name, config, manifest, history, scores, missing, heldOut } = contents;
  const section = (id: keyof typeof TITLES, body: Html) => html`<h2 id="${id}">${TITLES[id]}</h2>\n${body}\n`;
  const scored = (render: (scores: ValidationScores) => Html): Html =>
    scores === null ? html`<p class="card missing">Not available: ${missing ?? ''}</p>` : render(scores);
  return htmlPage(
    `Report on ${name}`,
    html`<h1>Report on the run ${name}</h1>
${summary(contents)}
<nav>${Object.entries(TITLES).map(([id, title]) => html`<a href="#${id}">${title}</a>`)}</nav>
${section('configuration', configSection(config, manifest))}
${section('labels', labelsSection(manifest))}
${section('curves', curvesSection(history))}
${section('figures', scored(figuresSection))}
${heldOut === null ? '' : heldOutSection(heldOut)}
${section('nodules', scored(picturesSection))}
${section('sizes', scored(sizeSection))}
${section(
  'calibration',
  scored(({ calibration }) => calibrationSection(calibration)),
)}
${section('time', timeSection(history))}
<p class="soft">For research only; not a medical device.</p>`,
    STYLE,
  );
}

function summary({ config, history, model, scores }: ReportContents): Html {
  const best = findBestEpoch(history.epochs);
  const counts = [
    countBox(`${history.epochs.length} of ${config.epochs}`, 'epochs'),
    countBox(best === null ? DASH : best.epoch, 'best epoch'),
    countBox(fixed(best?.validation?.score ?? null, 3), 'best selection score'),
  ];
  if (scores !== null) {
    const { found, nodules, withoutAgreement, dice3d, falsePerScan } = scores.figures;
    counts.push(
      countBox(`${found} of ${nodules - withoutAgreement}`, 'nodules found'),
      countBox(fixed(dice3d.mean), 'mean 3D Dice'),
      countBox(fixed(falsePerScan, 1), 'false positives per scan'),
    );
  }
  return html`<div class="counts">${counts}</div>
<p class="soft">${describeState(history)} ${model}</p>`;
}

function describeState({ status, start }: RunHistory): string {
  const state = {
    finished: 'Training is finished',
    stopped: 'Training was stopped early',
    'not ended': 'Training is still running or was killed',
  }[status];
  if (start === null) return `${state}.`;
  return `${state} (${plural(start.trainScans, 'training scan')}, ${plural(start.parameters, 'parameter')}).`;
}
