// Writes src/torch/operatorNames.generated.ts: the public operators of the loaded dispatcher, so that `ops.<name>` is typed.
//   node scripts/operator-names.mjs [--check]     --check: writes nothing, exit 1 where the file is not up to date
import fs from 'node:fs';
import { loadNative } from '../src/runtime/load.js';

const names = (prefix) => {
  const own = loadNative()
    .operatorNames()
    .filter((name) => name.startsWith(`${prefix}::`))
    .map((name) => name.slice(prefix.length + 2).split('.')[0]);
  return [...new Set(own)].filter((name) => !name.startsWith('_')).sort();
};

const union = (list) => list.map((name) => `  | '${name}'`).join('\n');
const text = `// Made by scripts/operator-names.mjs from the loaded dispatcher; a test says when it is to be made again.

/** Public operators of the \`aten\` namespace. */
export type AtenOperator =
${union(names('aten'))};

/** Our own operators. */
export type NoduleOperator =
${union(names('nodule'))};
`;

const file = new URL('../src/torch/operatorNames.generated.ts', import.meta.url);
if (!process.argv.includes('--check')) fs.writeFileSync(file, text);
else if (fs.readFileSync(file, 'utf8') !== text) {
  console.error(
    'src/torch/operatorNames.generated.ts differs from the dispatcher; run: node scripts/operator-names.mjs',
  );
  process.exit(1);
}
