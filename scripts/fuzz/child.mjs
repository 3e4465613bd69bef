// node scripts/fuzz/child.mjs FOLDER START SEED TRIALS: calls the signatures of FOLDER/names.json from START on, and writes
// before each which it is, so that whoever started this knows what ended it.
import fs from 'node:fs';
import path from 'node:path';
import { op, scope, setNumThreads, Tensor } from '../../dist/torch/index.js';
import { parseSchema } from '../setup/parseSchema.mjs';
import { malformed } from './malformed.mjs';
import { seededRandom } from './seededRandom.mjs';

const [folder, start, seed, trials] = process.argv.slice(2);
const names = JSON.parse(fs.readFileSync(path.join(folder, 'names.json'), 'utf8'));
const progress = fs.openSync(path.join(folder, 'progress'), 'r+');
setNumThreads(1);

const seedOf = (name) => [...name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, Number(seed));

/** Errors are what is wanted; only the end of the process is not. */
const attempt = (fn) => {
  try {
    return fn();
  } catch {
    return undefined;
  }
};

const call = (operator, schema, draw) => {
  const values = malformed(schema, draw);
  const positional = [];
  const named = {};
  schema.parameters.forEach(({ name, keywordOnly }, i) => {
    if (values[i] === undefined) return;
    if (keywordOnly || positional.length < i) named[name] = values[i];
    else positional.push(values[i]);
  });
  const result = attempt(() => operator(...positional, named));
  const first = Array.isArray(result) ? result[0] : result;
  if (!(first instanceof Tensor)) return;
  // The values are read and the gradients computed, as a caller would.
  attempt(() => first.numel < 1e6 && first.toArray());
  attempt(() => first.requiresGrad && first.numel < 1e6 && first.sum().backward());
};

for (let i = Number(start); i < names.length; i++) {
  fs.writeSync(progress, `${i}`.padEnd(12), 0);
  const operator = attempt(() => op(names[i], { unsafe: true }));
  if (operator === undefined) continue;
  // Some of TorchScript's own take any number of arguments (`...`), which no call from here can.
  const schema = attempt(() => parseSchema(operator.schemas[0]));
  if (schema === undefined) continue;
  const draw = seededRandom(seedOf(names[i])).random;
  for (let n = 0; n < Number(trials); n++) scope(() => call(operator, schema, draw));
}
// No destructor of a tensor that was bent out of shape may hide what the calls did.
process.exit(0);
