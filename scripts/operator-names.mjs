// Writes src/torch/operatorNames.ts: the public operators of the loaded dispatcher, so that `ops.<name>` is typed.
//   node scripts/operator-names.mjs
import fs from 'node:fs';
import { loadNative } from '../src/runtime/load.js';

const names = (prefix) => {
  const own = loadNative()
    .operatorNames()
    .filter((name) => name.startsWith(`${prefix}::`))
    .map((name) => name.slice(prefix.length + 2).split('.')[0]);
  return [...new Set(own)].filter((name) => !name.startsWith('_')).sort();
};

// Operators that exist only with a newer or older build of ours must not come and go with it: aten's are libtorch's.
const union = (list) => list.map((name) => `  | '${name}'`).join('\n');
fs.writeFileSync(
  new URL('../src/torch/operatorNames.ts', import.meta.url),
  `// Made by scripts/operator-names.mjs from libtorch's dispatcher. A test compares it with the loaded one.

/** Public operators of the \`aten\` namespace. */
export type AtenOperator =
${union(names('aten'))};

/** Our own operators. */
export type NoduleOperator =
${union(names('nodule'))};
`,
);
