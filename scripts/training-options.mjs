// Writes the tables of options in docs/guide/training.md from the schema: between `<!-- options: FIELDS -->` and `<!-- end of options -->`, where
// FIELDS are names of fields or, with a dot at the end, all fields below one. A test fails where the page is stale.
//   node scripts/training-options.mjs
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { leavesOf, optionName } from '../dist/cli/schemaOptions.js';
import { trainConfigSchema } from '../dist/train/config.js';

const page = path.join(import.meta.dirname, '..', 'docs', 'guide', 'training.md');
const marked = /<!-- options: ([^>]*?) -->\n[\s\S]*?<!-- end of options -->/g;

/** Every option of `train`, by its field's path. */
export const options = () => new Map(leavesOf(trainConfigSchema).map((leaf) => [leaf.path.join('.'), leaf]));

const cell = (text) => text.replaceAll('|', '\\|');

function row(leaf) {
  const { kind, choices, defaultValue } = leaf;
  const name = optionName(leaf.path);
  const form = kind === 'boolean' && defaultValue === true ? name.replace('--', '--no-') : name;
  const shown = defaultValue === undefined || defaultValue === null ? '' : `\`${String(defaultValue)}\``;
  const values = choices === null ? '' : `: ${choices.map((choice) => `\`${choice}\``).join(', ')}`;
  const said = form === name ? leaf.description : `not: ${leaf.description}`;
  return `| \`${form}\` | ${shown} | ${cell(said + values)} |`;
}

/** The fields that a marker names, in the order of the marker and below it of the schema. */
export function namedFields(marker, known = options()) {
  return marker.split(/\s+/).flatMap((name) => {
    const found = name.endsWith('.') ? [...known.keys()].filter((field) => field.startsWith(name)) : [name];
    const unknown = found.find((field) => !known.has(field));
    if (found.length === 0 || unknown !== undefined)
      throw new Error(`docs/guide/training.md: there is no option ${unknown ?? name}`);
    return found;
  });
}

/** Names of all fields that a page lists. */
export const listedFields = (text) => [...text.matchAll(marked)].flatMap(([, marker]) => namedFields(marker));

/** The page with its tables as the schema has them. */
export function withTables(text) {
  const known = options();
  return text.replace(marked, (_, marker) => {
    const rows = namedFields(marker, known).map((field) => row(known.get(field)));
    return [
      `<!-- options: ${marker} -->`,
      '| option | default | what |',
      '|---|---|---|',
      ...rows,
      '<!-- end of options -->',
    ].join('\n');
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  fs.writeFileSync(page, withTables(fs.readFileSync(page, 'utf8')));
