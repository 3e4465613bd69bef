// Calls the signatures of FOLDER/names.json from number START on. Writes the number of each into FOLDER/progress before
// calling it, so that the parent knows which one ended this process.
//   node scripts/fuzz/child.mjs FOLDER START SEED TRIALS
import fs from 'node:fs';
import path from 'node:path';
import { op, scope, setNumThreads, Tensor } from '../../dist/torch/index.js';
import { native } from '../../dist/torch/native.js';
import { parseSchema } from '../setup/parseSchema.mjs';
import { malformed } from './malformed.mjs';
import { seededRandom } from './seededRandom.mjs';

const [folder, start, seed, trials] = process.argv.slice(2);
const names = JSON.parse(fs.readFileSync(path.join(folder, 'names.json'), 'utf8'));
const progress = fs.openSync(path.join(folder, 'progress'), 'r+');
setNumThreads(1);
// A read or write past the end of a tensor's memory, or after it was freed, ends the process at once.
native().guardAllocations();

const seedOf = (name) => [...name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, Number(seed));

/** Calls `fn` and ignores errors: they are expected. Only a crash of the process is not. */
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
  // Read the values and compute the gradients, as a caller would.
  attempt(() => first.numel < 1e6 && first.toArray());
  attempt(() => first.requiresGrad && first.numel < 1e6 && first.sum().backward());
};

for (let i = Number(start); i < names.length; i++) {
  fs.writeSync(progress, `${i}`.padEnd(12), 0);
  const operator = attempt(() => op(names[i], { unsafe: true }));
  if (operator === undefined) continue;
  // Some TorchScript operators take any number of arguments (`...`), which the bridge cannot call.
  const schema = attempt(() => parseSchema(operator.schemas[0]));
  if (schema === undefined) continue;
  const draw = seededRandom(seedOf(names[i])).random;
  for (let n = 0; n < Number(trials); n++) scope(() => call(operator, schema, draw));
}
// Exit without running destructors: one of a corrupted tensor could crash and hide the result of the calls.
process.exit(0);
