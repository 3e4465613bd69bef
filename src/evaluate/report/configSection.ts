import type { z } from 'zod';
import { type Html, html } from '../../runtime/index.js';
import { resolveTrainConfig, type TrainConfig, trainConfigSchema } from '../../train/index.js';
import { dash } from './formats.js';

/** One field of a configuration, by its path. */
export interface ConfigField {
  name: string;
  value: string;
  /** What the default configuration has there. */
  usual: string;
  differs: boolean;
  meaning: string;
}

/** Fields that name places on the disk, whatever they look like. */
const places = new Set(['data', 'out', 'split', 'hardPoints', 'annotations', 'contours', 'masks', 'splits', 'init']);

/** A folder is often named after a patient, so places are left out as in the manifest. */
function shown(name: string, value: unknown): string {
  if (value === undefined || value === null) return dash;
  if (typeof value === 'string' && (places.has(name) || (/[/\\]/.test(value) && name !== 'patientPattern')))
    return 'PATH';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function leaves(fields: Record<string, unknown>, path = ''): Map<string, unknown> {
  return new Map(
    Object.entries(fields).flatMap(([name, value]) =>
      isFields(value) ? [...leaves(value, `${path}${name}.`)] : [[`${path}${name}`, value] as [string, unknown]],
    ),
  );
}

/** What the schema says of a field. */
function meaningOf(name: string): string {
  let schema: z.ZodType | undefined = trainConfigSchema;
  for (const part of name.split('.')) {
    let definition = schema?._zod.def as { innerType?: z.ZodType; shape?: Record<string, z.ZodType> } | undefined;
    while (definition?.innerType !== undefined)
      definition = definition.innerType._zod.def as unknown as typeof definition;
    schema = definition?.shape?.[part];
  }
  return schema?.description ?? '';
}

/** All fields of a run's configuration, those first that the default preset has otherwise. */
export function configFields(config: TrainConfig): ConfigField[] {
  const { data, out } = config;
  const usual = leaves(resolveTrainConfig({ data, out }));
  const own = leaves(config);
  const fields = [...new Set([...own.keys(), ...usual.keys()])].map((name): ConfigField => {
    const [value, other] = [own.get(name), usual.get(name)];
    const isGiven = name === 'data' || name === 'out';
    return {
      name,
      value: shown(name, value),
      usual: isGiven ? dash : shown(name, other),
      differs: !isGiven && JSON.stringify(value ?? null) !== JSON.stringify(other ?? null),
      meaning: meaningOf(name),
    };
  });
  return [...fields.filter(({ differs }) => differs), ...fields.filter(({ differs }) => !differs)];
}

/** The configuration, folded: what differs from the defaults, everything, and what the run was made with. */
export function configSection(config: TrainConfig, manifest: Record<string, unknown> | null): Html {
  const fields = configFields(config);
  const differing = fields.filter(({ differs }) => differs);
  const made = manifest === null ? [] : madeWith(manifest);
  return html`<h2 id="configuration">Configuration</h2>
<details><summary>${differing.length === 0 ? 'No field differs from the defaults' : `${differing.length} of ${fields.length} fields differ from the defaults`}</summary>${table(differing)}</details>
<details><summary>All ${fields.length} fields</summary>${table(fields)}</details>
<details><summary>What the run was made with</summary>${
    made.length === 0
      ? html`<p class="soft">The run has no manifest.json.</p>`
      : html`<div class="wide"><table>${made.map(([name, value]) => html`<tr><td class="nowrap">${name}</td><td class="value">${value}</td></tr>`)}</table></div>`
  }</details>`;
}

function table(fields: readonly ConfigField[]): Html {
  if (fields.length === 0) return html``;
  const rows = fields.map(
    ({ name, value, usual, differs, meaning }) =>
      html`<tr><td class="value">${differs ? html`<b>${name}</b>` : name}</td><td class="value">${value}</td><td class="value">${usual}</td><td>${meaning}</td></tr>`,
  );
  return html`<div class="wide"><table class="fields"><tr><th>field</th><th>this run</th><th>default</th><th>meaning</th></tr>${rows}</table></div>`;
}

/** Hashes of the data are in the manifest itself: there is one for each series. */
function madeWith({ data: _, ...manifest }: Record<string, unknown>): [string, string][] {
  return [...leaves(manifest)].map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(String).join(' ') : shown(name, value),
  ]);
}
