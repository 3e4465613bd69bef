import { resolveTrainConfig } from './config/config.js';
import { FIELDS_IGNORED_IN_COMPARISON } from './config/fieldsIgnoredInComparison.js';
import type { TrainConfig } from './config/schema.js';
import { type HparamValue, hparamsExperiment, hparamsStart } from './tensorboard/hparams.js';
import { bytesField, concat } from './tensorboard/protobuf.js';
import type { TensorboardWriter } from './tensorboard/tensorboard.js';

/** Metrics in the table of runs, by the tags of `trackMetrics`. */
const METRICS = [
  { tag: 'score/best', name: 'best score' },
  { tag: 'score/validation', name: 'score' },
  { tag: 'nodules/Dice mean', name: 'Dice mean' },
  { tag: 'nodules/found share', name: 'found' },
  { tag: 'nodules/false per scan', name: 'false per scan' },
  { tag: 'loss/validation', name: 'validation loss' },
  { tag: 'loss/training', name: 'training loss', training: true },
];

/** Columns that always come first: even if this run has their defaults, other runs in the folder may not. */
const OFTEN_COMPARED = ['preset', 'loss', 'learningRate'];

/** Charts that combine training and validation. */
const CHARTS = [
  ['loss', ['loss/training', 'loss/validation']],
  ['pixel F1', ['pixels/training F1', 'pixels/validation F1']],
  ['pixel recall', ['pixels/training recall', 'pixels/validation recall']],
  ['pixel precision', ['pixels/training precision', 'pixels/validation precision']],
  ['score', ['score/validation', 'score/best']],
] as const;

/**
 * Writes what TensorBoard needs once, at the start of a run: its configuration as a table and as hyperparameters, and
 * the combined charts.
 */
export function trackStart(writer: TensorboardWriter, config: TrainConfig, run: string): void {
  const now = Date.now() / 1000;
  const hparams = flatHparams(config);
  const changed = Object.entries(flatHparams(defaultsFor(config))).filter(([name, value]) => hparams[name] !== value);
  const foremost = new Set([...OFTEN_COMPARED, ...changed.map(([name]) => name)]);
  writer.text('config', configTable(config), 0);
  writer.pluginOnly('_hparams_/experiment', hparamsExperiment(hparams, foremost, METRICS, now));
  writer.pluginOnly('_hparams_/session_start_info', hparamsStart(hparams, run, now));
  writer.pluginBytes('custom_scalars__config__', { name: 'custom_scalars', content: layout() });
}

/** Flattens nested fields to their paths, such as `network.depth`. */
export function flatFields(fields: object, path = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(flatFields(value, `${path}${name}.`))
        : [[`${path}${name}`, value]],
    ),
  );
}

const defaultsFor = ({ data, out }: TrainConfig): TrainConfig => resolveTrainConfig({ data, out });

function flatHparams(config: TrainConfig): Record<string, HparamValue> {
  const fields = Object.entries(flatFields(config)).filter(([name, value]) => {
    return value !== undefined && !FIELDS_IGNORED_IN_COMPARISON.has(name);
  });
  const simple = (value: unknown): HparamValue =>
    typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string'
      ? value
      : JSON.stringify(value);
  return Object.fromEntries(fields.map(([name, value]) => [name, simple(value)]));
}

/** Returns a Markdown table of all fields. Those that differ from the preset `default` come first. */
export function configTable(config: TrainConfig): string {
  const defaults = flatFields(defaultsFor(config));
  const cell = (value: unknown) => JSON.stringify(value ?? null).replaceAll('|', '\\|');
  const rows = Object.entries(flatFields(config)).map(([name, value]) => {
    const changed = cell(value) !== cell(defaults[name]) || name === 'data' || name === 'out';
    return {
      changed,
      text: `| ${name} | ${cell(value)} | ${changed && defaults[name] !== value ? cell(defaults[name]) : ''} |`,
    };
  });
  const sorted = [...rows.filter(({ changed }) => changed), ...rows.filter(({ changed }) => !changed)];
  return ['| field | value | default |', '|---|---|---|', ...sorted.map(({ text }) => text)].join('\n');
}

/** Encodes the `Layout` of TensorBoard's plugin `custom_scalars` (layout.proto). Its tags are regular expressions. */
function layout(): Uint8Array {
  const chart = ([title, tags]: (typeof CHARTS)[number]) => {
    const lines = concat(...tags.map((tag) => bytesField(1, `^${tag}$`)));
    return bytesField(2, concat(bytesField(1, title), bytesField(2, lines)));
  };
  return bytesField(2, concat(bytesField(1, 'training beside validation'), ...CHARTS.map(chart)));
}
