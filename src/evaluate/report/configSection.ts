import type { z } from 'zod';
import { type Html, html } from '../../runtime/index.js';
import { resolveTrainConfig, type TrainConfig, trainConfigSchema } from '../../train/index.js';
import { DASH } from './formatNumbers.js';
import { table } from './table.js';

/** One field of a configuration, by its path. */
export interface ConfigField {
  name: string;
  value: string;
  /** Value in the default configuration. */
  defaultValue: string;
  differs: boolean;
  description: string;
}

/** Fields whose values are always paths. */
const PATH_FIELDS = new Set([
  'data',
  'out',
  'split',
  'hardPoints',
  'annotations',
  'contours',
  'masks',
  'splits',
  'init',
]);

/** Shows paths as PATH, as the manifest does: a folder may be named after a patient. */
export function displayValue(name: string, value: unknown): string {
  if (value === undefined || value === null) return DASH;
  if (typeof value !== 'string') return JSON.stringify(value);
  return PATH_FIELDS.has(name) || (/[/\\]/.test(value) && name !== 'patientPattern') ? 'PATH' : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists the fields of nested objects by their paths, such as `network.depth`. */
function flatten(fields: Record<string, unknown>, path = ''): Map<string, unknown> {
  return new Map(
    Object.entries(fields).flatMap(([name, value]) =>
      isRecord(value) ? [...flatten(value, `${path}${name}.`)] : [[`${path}${name}`, value] as [string, unknown]],
    ),
  );
}

/** Finds the description of a field in the schema. */
function fieldDescription(name: string): string {
  let schema: z.ZodType | undefined = trainConfigSchema;
  for (const part of name.split('.')) {
    let definition = schema?._zod.def as { innerType?: z.ZodType; shape?: Record<string, z.ZodType> } | undefined;
    while (definition?.innerType !== undefined)
      definition = definition.innerType._zod.def as unknown as typeof definition;
    schema = definition?.shape?.[part];
  }
  return schema?.description ?? '';
}

/** Lists all fields of a run's configuration, those that differ from the default preset first. */
export function configFields(config: TrainConfig): ConfigField[] {
  const { data, out } = config;
  const defaults = flatten(resolveTrainConfig({ data, out }));
  const own = flatten(config);
  const fields = [...new Set([...own.keys(), ...defaults.keys()])].map((name): ConfigField => {
    const [value, defaultValue] = [own.get(name), defaults.get(name)];
    const isRequired = name === 'data' || name === 'out';
    return {
      name,
      value: displayValue(name, value),
      defaultValue: isRequired ? DASH : displayValue(name, defaultValue),
      differs: !isRequired && JSON.stringify(value ?? null) !== JSON.stringify(defaultValue ?? null),
      description: fieldDescription(name),
    };
  });
  return [...fields.filter(({ differs }) => differs), ...fields.filter(({ differs }) => !differs)];
}

/** Renders the configuration, folded: fields that differ from the defaults, all fields, and the manifest. */
export function configSection(config: TrainConfig, manifest: Record<string, unknown> | null): Html {
  const fields = configFields(config);
  const differing = fields.filter(({ differs }) => differs);
  const summary =
    differing.length === 0
      ? 'No field differs from the defaults'
      : `${differing.length} of ${fields.length} fields differ from the defaults`;
  const manifestTable =
    manifest === null
      ? html`<p class="soft">The run has no manifest.json.</p>`
      : table(
          [
            { title: '', kind: 'nowrap' },
            { title: '', kind: 'value' },
          ],
          manifestRows(manifest),
        );
  return html`<details><summary>${summary}</summary>${differing.length === 0 ? '' : fieldTable(differing)}</details>
<details><summary>All ${fields.length} fields</summary>${fieldTable(fields)}</details>
<details><summary>Versions, hardware and hashes</summary>${manifestTable}</details>`;
}

function fieldTable(fields: readonly ConfigField[]): Html {
  const columns = [
    { title: 'field', kind: 'value' },
    { title: 'this run', kind: 'value' },
    { title: 'default', kind: 'value' },
    { title: 'description' },
  ] as const;
  const rows = fields.map(({ name, value, defaultValue, differs, description }) => [
    differs ? html`<b>${name}</b>` : name,
    value,
    defaultValue,
    html`${description.split('`').map((text, n) => (n % 2 === 0 ? html`${text}` : html`<code>${text}</code>`))}`,
  ]);
  return table(columns, rows, 'fields');
}

/** Lists the manifest without the data hashes, one per series, and the labels, which have a section. */
function manifestRows({ data: _, labels: __, ...manifest }: Record<string, unknown>): [string, string][] {
  return [...flatten(manifest)].map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(String).join(' ') : displayValue(name, value),
  ]);
}
