import { type Html, html, htmlPage } from '../../runtime/index.js';
import type { TrainConfig } from '../../train/index.js';
import type { Figures } from '../figures.js';
import { calibrationSection } from './calibrationSection.js';
import { configSection } from './configSection.js';
import { bestEpochOf, curvesSection } from './curves.js';
import { figuresSection, heldOutSection } from './figuresSection.js';
import { dash, fixed } from './formats.js';
import { picturesSection, sizeSection } from './nodulesSection.js';
import type { RunHistory } from './runHistory.js';
import type { ValidationScores } from './scoreValidation.js';
import { timeSection } from './timeSection.js';

export interface ReportContents {
  /** Of the run. */
  name: string;
  config: TrainConfig;
  manifest: Record<string, unknown> | null;
  history: RunHistory;
  /** Which model was scored, in words. */
  model: string;
  /** Null where the scans could not be scored; `missing` says why. */
  scores: ValidationScores | null;
  missing: string | null;
  /** What `score.json` of the run holds, as a demo's does: figures on scans that were kept apart. */
  heldOut: Figures | null;
}

const style = `:root{--s0:#1660c4;--s1:#b4460b;--grid:#e4e8ec}
@media(prefers-color-scheme:dark){:root{--s0:#7db4ff;--s1:#ffa366;--grid:#2b3138}}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:.8rem 0}nav a{color:var(--s0)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:.9rem}
.chart{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.7rem}.chart>svg{display:block;width:100%;height:auto;max-width:34rem}
svg text{font:11.5px system-ui,sans-serif;fill:var(--soft)}svg .label{fill:var(--ink)}
svg .axis{fill:none;stroke:var(--soft)}svg .grid{fill:none;stroke:var(--grid)}svg .mark,svg .ideal{fill:none;stroke:var(--soft);stroke-dasharray:4 3}
svg .line{fill:none;stroke-width:2}svg .line.s0{stroke:var(--s0)}svg .line.s1{stroke:var(--s1);stroke-dasharray:6 3}circle.s0{fill:var(--s0)}circle.s1{fill:var(--s1)}
svg .bar{fill:var(--soft);opacity:.65}svg .range{fill:none;stroke:var(--s0);stroke-width:3}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:13px}.legend span{display:flex;align-items:center;gap:.4rem}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:.9rem;align-items:start}.side .chart>svg{max-width:26rem;margin:0 auto}
.nodules{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr));gap:.9rem}.nodules .card{margin:0}
.nodules .pictures{flex-wrap:nowrap}.nodules figure{min-width:0;flex:1 1 0}.nodules img{image-rendering:pixelated}
h3.group{margin:1rem 0 .5rem}h4{margin:0;font-size:15px}h4 span{font-weight:400}
details{margin:.6rem 0}summary{cursor:pointer;padding:.3rem 0}.nowrap{white-space:nowrap}td.value{overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:12px}
.fields{table-layout:fixed;min-width:34rem}td.bars{padding:.1rem .6rem}.missing{border-left:4px solid var(--warning)}
@media(max-width:36rem){.bars{display:none}th.number{white-space:normal}th,td{padding:.3rem .35rem}}
@media print{:root{--ink:#111;--soft:#444;--line:#bbb;--back:#fff;--card:#fff;--s0:#1660c4;--s1:#b4460b;--grid:#ddd;color-scheme:light}nav{display:none}
body{max-width:none;padding:0}.card,.chart,figure,tr{break-inside:avoid}h2,h3{break-after:avoid}*{print-color-adjust:exact}}`;

/** One page that needs nothing else. What could not be scored is said in its place. */
export function reportPage(contents: ReportContents): string {
  const { name, config, manifest, history, scores, missing, heldOut } = contents;
  const part = (id: string, title: string, of: (scores: ValidationScores) => Html) =>
    html`<h2 id="${id}">${title}</h2>
${scores === null ? html`<p class="card missing">Missing: ${missing ?? ''}</p>` : of(scores)}
`;
  return htmlPage(
    `Report of ${name}`,
    html`<h1>Report of the run ${name}</h1>
${summary(contents)}
<nav>${sections.map(([id, title]) => html`<a href="#${id}">${title}</a>`)}</nav>
${configSection(config, manifest)}
${curvesSection(history)}
${part('figures', titles.figures, figuresSection)}${heldOut === null ? '' : heldOutSection(heldOut)}${part('nodules', titles.nodules, picturesSection)}${part('sizes', titles.sizes, sizeSection)}${part('calibration', titles.calibration, ({ calibration }) => calibrationSection(calibration))}${timeSection(history)}
<p class="soft">Not a medical device: for research only.</p>`,
    style,
  );
}

const titles = {
  configuration: 'Configuration',
  curves: 'Curves',
  figures: 'Figures and intervals',
  nodules: 'Best and worst nodules',
  sizes: 'Nodules by size',
  calibration: 'Calibration',
  time: 'Time and memory',
};
const sections = Object.entries(titles);

function summary({ config, history, model, scores }: ReportContents): Html {
  const best = bestEpochOf(history.epochs);
  const done = history.epochs.length;
  const count = (value: string | number, what: string) => html`<div><b>${value}</b>${what}</div>`;
  return html`<div class="counts">${[
    count(`${done} of ${config.epochs}`, 'epochs'),
    count(best === null ? dash : best.epoch, 'best epoch'),
    count(fixed(best?.validation?.score ?? null, 3), 'its score'),
    ...(scores === null
      ? []
      : [
          count(
            `${scores.figures.found} of ${scores.figures.nodules - scores.figures.withoutAgreement}`,
            'nodules found',
          ),
          count(fixed(scores.figures.dice3d.mean), '3D Dice'),
          count(fixed(scores.figures.falsePerScan, 1), 'false per scan'),
        ]),
  ]}</div>
<p class="soft">${state(history)} ${model}</p>`;
}

const state = ({ status, start }: RunHistory): string => {
  const on = start === null ? '' : ` on ${start.trainScans} scans, ${start.parameters.toLocaleString('en')} parameters`;
  if (status === 'finished') return `Trained to its end${on}.`;
  return status === 'stopped' ? `Stopped before its end${on}.` : `Not ended: it is under way, or was killed${on}.`;
};
