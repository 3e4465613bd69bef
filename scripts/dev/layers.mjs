// Checks the imports of the TypeScript: layers import only those before them and only through facades, there are no
// cycles at run time, and no module is unused. Types count as imports between layers, so `src/` is read with SWC, which
// keeps them. Cycles only matter at run time, so they are looked for in `dist/`, where type imports are gone.
//   node scripts/dev/layers.mjs [ROOT]
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';

/** Each layer may import those before it. */
export const LAYERS = [
  'runtime',
  'torch',
  'ct',
  'labels',
  'phantom',
  'data',
  'score',
  'model',
  'train',
  'evaluate',
  'service',
  'cli',
];

/** Modules that something outside the import graph opens: package.json, a worker thread, the compiler. */
const ENTRIES = [
  '^src/index\\.ts$',
  '^src/torch/index\\.ts$',
  '^src/cli/main\\.ts$',
  'Worker\\.ts$',
  '\\.d\\.ts$',
  // What the set-up scripts run before TypeScript is there.
  '^src/runtime/.*\\.js$',
  '^src/torch/operators/(crashing|unsafe)Operators\\.js$',
];

const sourceRules = [
  {
    name: 'known layer',
    comment: 'src/ holds the layers of docs/explanation/architecture.md and index.ts, nothing else',
    severity: 'error',
    from: { path: `^src/(?!(${LAYERS.join('|')})/|index\\.ts$)` },
    to: {},
  },
  ...LAYERS.slice(0, -1).map((layer, at) => ({
    name: 'layer above',
    comment: 'a layer imports only those below it',
    severity: 'error',
    from: { path: `^src/${layer}/` },
    to: { path: `^src/((${LAYERS.slice(at + 1).join('|')})/|index\\.ts$)` },
  })),
  {
    name: 'facade',
    comment: 'another layer is imported only through its index',
    severity: 'error',
    from: { path: '^src/([^/]+)' },
    to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.(ts|js)$'] },
  },
  {
    name: 'own facade',
    comment: 'inside a layer its files import each other directly',
    severity: 'error',
    from: { path: '^src/([^/]+)/' },
    to: { path: '^src/$1/index\\.(ts|js)$' },
  },
  {
    name: 'unused module',
    comment: 'nothing that can be started or imported by users reaches this module',
    severity: 'error',
    from: { path: ENTRIES.join('|') },
    to: { path: '^src/', pathNot: ENTRIES.join('|'), reachable: false },
  },
];

const cycleRule = { name: 'cycle', severity: 'error', from: {}, to: { circular: true } };

const common = { validate: true, doNotFollow: { path: 'node_modules' }, moduleSystems: ['es6'] };

/**
 * Returns one line for each violation below `root`.
 * @param {string} root folder that holds `src` and `dist`
 * @returns {Promise<string[]>}
 */
export async function layerFaults(root) {
  const run = (folder, forbidden, options) =>
    cruise([folder], { ...common, ...options, baseDir: root, ruleSet: { forbidden } }, { extensions: ['.ts', '.js'] });
  const { output: sources } = await run('src', sourceRules, { parser: 'swc', tsPreCompilationDeps: true });
  const { output: compiled } = await run('dist', [cycleRule], { parser: 'acorn' });
  const comments = new Map(sourceRules.map(({ name, comment }) => [name, comment]));
  const text = ({ from, to, rule: { name }, cycle }) => {
    if (name === 'cycle') return `${from}: cycle at run time: ${[from, ...cycle.map((step) => step.name)].join(' → ')}`;
    return `${name === 'unused module' ? to : `${from}: imports ${to}`} (${name}: ${comments.get(name)})`;
  };
  return [...sources.summary.violations, ...compiled.summary.violations].map(text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..', '..'));
  const faults = await layerFaults(root);
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
